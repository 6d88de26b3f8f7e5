/**
 * The connection that appends, and what happens when it is lost (RULES L5).
 *
 * A call of `append_group` is a transaction of its own. Where its answer does not come, nobody knows what became of it, and
 * the server may even be working on it still: so the session that had it is ended first, by another connection, and only
 * when it is gone the ids are looked up. What is found then happened; what is not found never will.
 */
import { setTimeout } from 'node:timers/promises';

import {
  InvalidMessageError,
  OutcomeUnknownError,
  StoreUnavailableError,
  type AppendResult,
} from '@daybook/core';

import { settle, settleKnown, type GroupRow } from './append-answer.ts';
import type { AppendGroup } from './append-group.ts';
import { statement, type Connection, type Statement } from './connection.ts';
import type { Connector } from './connector.ts';
import { isRolledBack, sqlStateOf, toStoreError } from './sql-error.ts';
import { outcomeColumns, outcomeOfRow, type OutcomeRow } from './stored-outcome.ts';

/** A session of the server; a process id alone may be used again. */
type Session = readonly [pid: string, backendStart: string];

interface Opened {
  readonly connection: Connection;
  readonly session: Session | undefined;
}

export interface AppendWriterOptions {
  /** The schema's quoted name. */
  readonly schema: string;
  readonly connect: Connector;
  /** How long appends wait for a server that is away. */
  readonly awayTimeoutMs: number;
  /** A clock that is set by hand, in tests; null for the server's. */
  readonly now: () => number | null;
  /** After each group, with the head that it left. */
  readonly onCommitted: (log: string, head: number) => void;
}

export class AppendWriter {
  readonly #options: AppendWriterOptions;
  readonly #append: Statement;
  readonly #lookUp: Statement;
  #opening: Promise<Opened> | undefined;

  constructor(options: AppendWriterOptions) {
    this.#options = options;
    const { schema: s } = options;
    this.#append = statement(
      `SELECT * FROM ${s}.append_group($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    );
    this.#lookUp = statement(
      `SELECT ${outcomeColumns(s)} FROM ${s}.appends AS a
       WHERE a.log = (SELECT logs.log FROM ${s}.logs WHERE logs.name = $1) AND a.id = ANY ($2)`,
    );
  }

  /** Answers every append of the group. */
  async send(group: AppendGroup): Promise<void> {
    let opened: Opened;
    try {
      opened = await this.#open();
    } catch (error) {
      refuseAll(group, toStoreError(error));
      return;
    }
    try {
      await this.#call(opened.connection, group);
    } catch (error) {
      if (isRolledBack(error)) await this.#refused(opened.connection, group, error);
      else await this.#recover(opened, group);
    }
  }

  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.connection.close();
  }

  async #call(connection: Connection, group: AppendGroup): Promise<void> {
    const { now, onCommitted } = this.#options;
    const row = await connection.first<GroupRow>(this.#append, group.parameters(now()));
    if (row === undefined) throw new TypeError('append_group answered nothing');
    onCommitted(group.log, settle(group, row));
  }

  /** Nothing of the group was written. Where its content is at fault, each append is tried alone. */
  async #refused(connection: Connection, group: AppendGroup, error: unknown): Promise<void> {
    const isContent = CONTENT_CLASSES.has(sqlStateOf(error)?.slice(0, 2) ?? '');
    if (!isContent) {
      refuseAll(group, toStoreError(error));
      return;
    }
    if (group.pending.length === 1) {
      const why = error instanceof Error ? error.message : String(error);
      refuseAll(
        group,
        new InvalidMessageError(`PostgreSQL cannot store this: ${why}`, [], { cause: error }),
      );
      return;
    }
    for (const alone of group.split()) {
      try {
        await this.#call(connection, alone);
      } catch (alsoWrong) {
        if (isRolledBack(alsoWrong)) await this.#refused(connection, alone, alsoWrong);
        else await this.#recover({ connection, session: undefined }, alone);
      }
    }
  }

  async #recover(lost: Opened, group: AppendGroup): Promise<void> {
    const { connection: broken, session } = lost;
    try {
      await broken.close();
      const { connection } = await this.#open();
      const isGone = session !== undefined && (await endSession(connection, session));
      const rows = await connection.rows<OutcomeRow>(this.#lookUp, [group.log, group.ids]);
      const found = new Map<string, Omit<AppendResult, 'status'>>(
        rows.map((row) => [row[0], outcomeOfRow(row, group.log)]),
      );
      for (const pending of group.pending) {
        const { id } = pending.request;
        const known = found.get(id);
        if (known !== undefined) settleKnown(pending, known);
        else pending.reject(isGone ? absent() : new OutcomeUnknownError(id));
      }
    } catch (error) {
      for (const { request, reject } of group.pending) {
        reject(new OutcomeUnknownError(request.id, { cause: error }));
      }
    }
  }

  /** The connection that is open, or a new one; where the server is away, for a while again and again. */
  async #open(): Promise<Opened> {
    const opening = this.#opening;
    if (opening !== undefined) {
      const known = await opening.catch(() => undefined);
      if (known?.connection.isLost === false) return known;
      if (this.#opening === opening) this.#opening = undefined;
      void known?.connection.close();
    }
    this.#opening ??= this.#connect();
    return this.#opening;
  }

  async #connect(): Promise<Opened> {
    const until = performance.now() + this.#options.awayTimeoutMs;
    for (;;) {
      try {
        return await withSession(await this.#options.connect());
      } catch (error) {
        const known = toStoreError(error);
        if (!(known instanceof StoreUnavailableError) || performance.now() > until) throw known;
        await setTimeout(RETRY_MS);
      }
    }
  }
}

async function withSession(connection: Connection): Promise<Opened> {
  try {
    return { connection, session: await connection.first<Session>(SESSION) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** False when it cannot be seen to have ended. */
async function endSession(connection: Connection, session: Session): Promise<boolean> {
  const until = performance.now() + END_MS_MAX;
  for (;;) {
    const rows = await connection.rows(END_SESSION, session);
    if (rows.length === 0) return true;
    if (performance.now() > until) return false;
    await setTimeout(END_POLL_MS);
  }
}

function refuseAll(group: AppendGroup, error: unknown): void {
  for (const { reject } of group.pending) reject(error);
}

function absent(): StoreUnavailableError {
  return new StoreUnavailableError(
    'The connection was lost during the append, which was looked up afterwards: nothing was written. Retry later.',
  );
}

const SESSION = statement(
  'SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()',
);
const END_SESSION = statement(
  'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2',
);
/** What a value is at fault for: data, integrity, bounds. */
const CONTENT_CLASSES: ReadonlySet<string> = new Set(['22', '23', '54']);
const RETRY_MS = 100;
const END_MS_MAX = 5_000;
const END_POLL_MS = 20;
