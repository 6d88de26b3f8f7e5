/** A process that runs the bank on a file: it does what it is told, or transfers under load. */
import {
  type CommandMessage,
  type DecisionMessage,
  type QueryMessage,
  type QueryOptions,
  type SendOptions,
  type StartOptions,
} from '@daybook/core';
import { sqlite } from '@daybook/sqlite';

import { bankWith, transfer } from './bank.ts';
import { say, serve } from './served.ts';

export interface BankProcessOptions extends Partial<Omit<StartOptions, 'store'>> {
  readonly path: string;
  /** Poison throws until `repair` is called. */
  readonly isBroken?: boolean;
}

export interface TransfersRequest {
  readonly accounts: readonly string[];
  readonly count: number;
  readonly inFlight: number;
  readonly centsMax: number;
  /** Ids are this and a number; without it they are the store's own. */
  readonly idPrefix?: string;
  /** Says each answer. */
  readonly isTold?: boolean;
}

export interface TransfersReport {
  readonly accepted: number;
  readonly refused: number;
  readonly contended: number;
}

await serve(async ({ path, isBroken: isBrokenAtFirst, ...options }: BankProcessOptions) => {
  let isBroken = isBrokenAtFirst ?? false;
  let isTransferring = true;
  const { face } = await bankWith(() => isBroken).start({ ...options, store: sqlite(path) });

  async function transferOnce(request: TransfersRequest, turn: number) {
    const { accounts, centsMax, idPrefix, isTold } = request;
    const from = Math.floor(Math.random() * accounts.length);
    const to = (from + 1 + Math.floor(Math.random() * (accounts.length - 1))) % accounts.length;
    const cents = 1 + Math.floor(Math.random() * centsMax);
    const message = transfer(accounts[from] ?? '', accounts[to] ?? '', cents);
    try {
      const id = idPrefix === undefined ? {} : { id: `${idPrefix}${turn}` };
      const outcome = await face.send(message, id);
      if (isTold === true) say({ message, outcome });
      return outcome.status;
    } catch (error) {
      if (error instanceof Error && Reflect.get(error, 'code') === 'contention') return 'contended';
      throw error;
    }
  }

  return {
    send: (message: CommandMessage | DecisionMessage, sendOptions?: SendOptions) =>
      face.send(message, sendOptions ?? {}),
    query: (message: QueryMessage, queryOptions?: QueryOptions) =>
      face.query(message, queryOptions ?? {}),
    health: () => face.health(),
    parked: () => face.parked(),
    retry: (readModel: string, key: string) => face.retryParked(readModel, key),
    rebuild: (readModel: string) => face.rebuild(readModel),
    repair() {
      isBroken = false;
    },
    /** Transfers between random accounts, `inFlight` at a time. */
    async transfers(request: TransfersRequest): Promise<TransfersReport> {
      const counts = { accepted: 0, refused: 0, contended: 0 };
      let turn = 0;
      async function lane(): Promise<void> {
        while (isTransferring && turn < request.count) {
          turn += 1;
          counts[await transferOnce(request, turn)] += 1;
        }
      }
      await Promise.all(Array.from({ length: request.inFlight }, lane));
      return counts;
    },
    stopTransfers() {
      isTransferring = false;
    },
    close: () => face.close(),
  };
});
