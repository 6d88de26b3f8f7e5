import { daybookClient, type OperationState } from '@daybook/client';
import { indexedDb } from '@daybook/client/indexed-db';

import { account, balances, bank } from './bank.ts';

export async function withdraw(
  url: string,
  show: (balance: object | null | undefined) => void,
): Promise<OperationState> {
  const client = daybookClient(bank, {
    url,
    outbox: { storage: indexedDb('bank'), user: 'ada', version: '7' },
  });
  const live = client.live(balances.balanceOf({ id: 'acc-1' }));
  // Called with the effect before the server has answered; `pending` are the operations that make the difference.
  live.subscribe(({ data }) => show(data));

  const operation = client.dispatch(account.WithdrawMoney('acc-1', { cents: 5000 }));
  // The outcome, as `send` gives it: a refusal is a value.
  const outcome = await operation.accepted;
  if (outcome.status === 'refused') console.log(outcome.refusal.type);
  // Every open live query has it from the server itself.
  const end = await operation.settled;
  client.close();
  return end;
}
