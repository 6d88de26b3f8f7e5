import { sqlite } from '@daybook/sqlite';

import { account, balances, bank } from './readme-bank.ts';

const app = await bank.start({ store: sqlite('readme-bank.db') });

await app.send(account.OpenAccount('acc-1', { owner: 'Ada' }));
await app.send(account.DepositMoney('acc-1', { cents: 5_000 }));
const done = await app.send(account.WithdrawMoney('acc-1', { cents: 1_500 }));

// Reads its own write: the answer has seen `done`, or says why not.
const answer = await app.query(balances.balanceOf({ id: 'acc-1' }), { after: done.token });
console.log(answer.status === 'fresh' ? answer.data : answer.status);

// The domain's no is a value, typed by the command's own handler.
const refused = await app.send(account.WithdrawMoney('acc-1', { cents: 9_999 }));
if (refused.status === 'refused') console.log(refused.refusal);

// The account as it was after its second event, and its statement.
const { state } = await app.state(account, 'acc-1', { atRevision: 1 });
console.log(state);
const { events } = await app.history(account, 'acc-1');
console.log(events.map(({ type, data }) => ({ type, data })));

await app.close();
