/** One connection: what is sent by it, and whether it is still there. */
import { hash } from 'node:crypto';

import { DaybookError, StoreUnavailableError } from '@daybook/core';

import type { PgClient, PgQuery, PgResult } from './driver.ts';
import { isRolledBack } from './sql-error.ts';

/** A column as the server wrote it. */
export type Column = string | null;
export type Row = readonly Column[];
export type Parameter = string | number | boolean | null | readonly (string | number | null)[];

/** A statement that each connection plans once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** @param text without values in it: each different text stays prepared as long as the connection lives. */
export function statement(text: string): Statement {
  return { name: `daybook_${hash('sha256', text).slice(0, 20)}`, text };
}

/** A statement with its parameters. */
export interface Step {
  readonly statement: Statement;
  readonly parameters: readonly Parameter[];
}

export function step(text: string, parameters: readonly Parameter[]): Step {
  return { statement: statement(text), parameters };
}

/** How a connection is given back: to its pool, or closed. */
type Release = (isBroken: boolean) => Promise<void>;

export class Connection {
  readonly #client: PgClient;
  readonly #release: Release;
  readonly #lost = Promise.withResolvers<Error>();
  readonly #onLost: (error: unknown) => void;
  /** Several statements may be on their way at once. */
  readonly isPipelined: boolean;
  #isLost = false;
  #isClosed = false;

  constructor(client: PgClient, isPipelined: boolean, release: Release) {
    this.#client = client;
    this.isPipelined = isPipelined;
    this.#release = release;
    this.#onLost = (error): void => {
      this.#isLost = true;
      this.#lost.resolve(error instanceof Error ? error : new Error('Connection terminated'));
    };
    client.on('error', this.#onLost);
    client.on('end', this.#onLost);
  }

  get isLost(): boolean {
    return this.#isLost || this.#isClosed;
  }

  /** Resolves once the connection is gone; never, where it is closed in order. */
  get lost(): Promise<Error> {
    return this.#lost.promise;
  }

  /** The rows of one statement, each a tuple of its columns, which nothing checks: the type stands beside the SQL. */
  async rows<Columns extends Row>(
    { name, text }: Statement,
    values: readonly Parameter[] = [],
  ): Promise<readonly Columns[]> {
    const { rows } = await this.#send({ name, text, values: [...values], ...AS_TEXT });
    // As text arrays, by the mode and the parsers above.
    return rows as readonly Columns[];
  }

  async first<Columns extends Row>(
    prepared: Statement,
    values: readonly Parameter[] = [],
  ): Promise<Columns | undefined> {
    const [row] = await this.rows<Columns>(prepared, values);
    return row;
  }

  /** Runs statements without parameters; answers the command tag of the last one. */
  async run(text: string): Promise<string> {
    const result = await this.#send({ text, ...AS_TEXT });
    return (Array.isArray(result) ? (result.at(-1) as PgResult) : result).command;
  }

  /**
   * Runs `work` in a transaction.
   *
   * @throws {@link CommitFailedError} when it is not known whether it was committed.
   */
  async transaction<Value>(begin: string, work: () => Promise<Value>): Promise<Value> {
    await this.run(begin);
    let value: Value;
    try {
      value = await work();
    } catch (error) {
      // A connection that is gone has rolled back by itself.
      await this.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
    await this.#commit();
    return value;
  }

  /**
   * Runs steps in a transaction, sent all at once where several may be on their way: then nothing that happens to this
   * process can leave the transaction open.
   *
   * @throws what the first step that fails throws; {@link CommitFailedError} when it is not known whether it was committed.
   */
  async transactionOf(begin: string, steps: readonly Step[]): Promise<void> {
    if (!this.isPipelined) {
      await this.transaction(begin, async () => {
        for (const { statement: prepared, parameters } of steps) {
          await this.rows(prepared, parameters);
        }
      });
      return;
    }
    const works = [
      this.run(begin),
      ...steps.map(({ statement: prepared, parameters }) => this.rows(prepared, parameters)),
    ];
    const committing = this.#commit();
    // All of them are waited for. The first that fails is the one that counts; those behind it fail because of it.
    const results = await Promise.allSettled([...works, committing]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return;
    if (isRolledBack(failed.reason) || failed.reason instanceof DaybookError) throw failed.reason;
    throw new CommitFailedError(String(failed.reason), { cause: failed.reason });
  }

  async #commit(): Promise<void> {
    let tag: string;
    try {
      tag = await this.run('COMMIT');
    } catch (error) {
      throw new CommitFailedError(String(error), { cause: error });
    }
    // Inside a transaction that failed this is no error to the driver.
    if (tag !== 'COMMIT') {
      throw new StoreUnavailableError(
        `PostgreSQL answered the COMMIT with ${tag}. Nothing was written; retry.`,
      );
    }
  }

  /** @param listener is given what each notification says. */
  onNotification(listener: (payload: string) => void): void {
    this.#client.on('notification', (notification) => {
      listener(String(Reflect.get(Object(notification), 'payload') ?? ''));
    });
  }

  /** Waits for nothing that is on its way. Closing twice is harmless. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    const isBroken = this.#isLost;
    this.#isClosed = true;
    if (!isBroken) {
      // One that is lost may tell so again, and an error that nobody listens to would end the process.
      this.#client.off('end', this.#onLost);
      this.#client.off('error', this.#onLost);
    }
    await this.#release(isBroken).catch(() => undefined);
  }

  async #send(query: PgQuery): Promise<PgResult> {
    if (this.isLost) throw new StoreUnavailableError('The connection to PostgreSQL is closed.');
    try {
      return await this.#client.query(query);
    } catch (error) {
      // Without a verdict of the server, or with its farewell, the connection is of no use any more.
      if (!isRolledBack(error)) this.#onLost(error);
      throw error;
    }
  }
}

/** A COMMIT whose answer did not come: what was written is there, or is not. */
export class CommitFailedError extends Error {
  override readonly name = 'CommitFailedError';
}

/** Parsers of our own, since other libraries change the driver's for everybody. */
const AS_TEXT = {
  rowMode: 'array',
  types: { getTypeParser: () => (text: string) => text },
} as const;
