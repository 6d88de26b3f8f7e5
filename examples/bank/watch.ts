/** Shows an account's balance and each that follows: `npm run watch -w @daybook/example-bank -- acc-1`. */
import { daybookClient } from '@daybook/client';

import { balances, bank } from './bank.ts';

const [id = 'acc-1', url = 'http://127.0.0.1:4680'] = process.argv.slice(2);
const client = daybookClient(bank, { url });

for await (const { status, data } of client.live(balances.balanceOf({ id }))) {
  if (status === 'live') console.log(data === null ? `There is no ${id}.` : data.balanceCents);
}
