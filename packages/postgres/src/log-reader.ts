/**
 * Reads of one log over one connection.
 *
 * A log only grows at its end, so what lies at or below a head that was read is complete for every later statement: pages
 * need no transaction. The head is read first, and nothing above it is given out.
 */
import {
  LOG_START,
  StoreWentBackError,
  type AppendPlace,
  type LogPage,
  type LogPlace,
  type ReadOptions,
  type ReadStreamOptions,
  type StreamPage,
} from '@daybook/core';

import type { Column, Connection } from './connection.ts';
import type { ReadStatements } from './read-statements.ts';
import { scanDown, scanUp } from './query-scan.ts';
import { toRecordedEvents, type EventRow } from './recorded-event.ts';
import { placeOf } from './stored-outcome.ts';

type PlaceRow = readonly [position: string, mark: string, commit: string];

export interface LogReaderOptions {
  readonly connection: Connection;
  readonly statements: ReadStatements;
  /** The log's number in the schema, and its name. */
  readonly number: number;
  readonly log: string;
  readonly pageSizeMax: number;
}

export class LogReader {
  readonly #connection: Connection;
  readonly #statements: ReadStatements;
  readonly #number: number;
  readonly #log: string;
  readonly #pageSizeMax: number;

  constructor({ connection, statements, number, log, pageSizeMax }: LogReaderOptions) {
    this.#connection = connection;
    this.#statements = statements;
    this.#number = number;
    this.#log = log;
    this.#pageSizeMax = pageSizeMax;
  }

  async head(): Promise<LogPlace> {
    const row = await this.#connection.first<PlaceRow>(this.#statements.head, [this.#number]);
    return row === undefined ? LOG_START : placeOf(Number(row[0]), row[1]);
  }

  async placeAt(position: number): Promise<AppendPlace | undefined> {
    const row = await this.#placeRow(position);
    if (row === undefined) return undefined;
    const commit = Number(row[2]);
    return { position, mark: row[1], first: await this.#firstOf(position, commit), commit };
  }

  async readStream(stream: string, options: ReadStreamOptions): Promise<StreamPage> {
    const isDown = options.backwards === true;
    const limit = this.#limitOf(options.limit);
    const { head: headStatement, lastRevision, streamUp, streamDown } = this.#statements;
    const low = isDown ? (options.to ?? 0) : (options.from ?? 0);
    const high = (isDown ? options.from : options.to) ?? MAX;
    const upTo = options.upTo ?? MAX;
    const [headRows, revisionRows, rows] = await this.#together(
      () => this.#connection.rows<PlaceRow>(headStatement, [this.#number]),
      () => this.#connection.rows<readonly [Column]>(lastRevision, [this.#number, stream, upTo]),
      () =>
        this.#connection.rows<EventRow>(isDown ? streamDown : streamUp, [
          this.#number,
          stream,
          low,
          high,
          upTo,
          limit,
        ]),
    );
    const [headRow] = headRows;
    const head = headRow === undefined ? LOG_START : placeOf(Number(headRow[0]), headRow[1]);
    // What was appended after the head was read is left to the next page.
    const known = rows.filter((row) => Number(row[0]) <= head.position);
    const last = revisionRows[0]?.[0] ?? null;
    const revision = await this.#revisionAt(stream, last, head.position, upTo);
    const end = known.at(-1)?.[2];
    const isMore =
      end !== undefined && (isDown ? Number(end) > low : Number(end) < Math.min(high, revision));
    return {
      events: toRecordedEvents(known, this.#log),
      revision,
      next: isMore ? Number(end) + (isDown ? -1 : 1) : null,
      head,
    };
  }

  async read(options: ReadOptions): Promise<LogPage> {
    const head = await this.head();
    await this.#checkMark(options.after, head);
    const after = typeof options.after === 'object' ? options.after.position : options.after;
    const upTo = await this.#commitAtOrBelow(Math.min(options.upTo ?? MAX, head.position), head);
    const limit = this.#limitOf(options.limit);
    const scan = {
      connection: this.#connection,
      statements: this.#statements,
      number: this.#number,
    };
    if (options.backwards === true) {
      const below = Math.min(after ?? upTo + 1, upTo + 1);
      const { rows, end } = await scanDown(scan, options.query, below, limit);
      return this.#page(rows, await this.#place(Math.max(end, 0), head), head);
    }
    const from = after ?? LOG_START.position;
    const { rows, end } = await scanUp(scan, { query: options.query, after: from, upTo, limit });
    const scannedTo = Math.min(Math.max(from, end), head.position);
    const place =
      typeof options.after === 'object' && scannedTo === from
        ? options.after
        : await this.#place(scannedTo, head);
    return this.#page(rows, place, head);
  }

  #page(rows: readonly EventRow[], scannedTo: LogPlace, head: LogPlace): LogPage {
    return { events: toRecordedEvents(rows, this.#log), scannedTo, head };
  }

  /** One round trip where the connection is pipelined; in order either way. */
  async #together<First, Second, Third>(
    first: () => Promise<First>,
    second: () => Promise<Second>,
    third: () => Promise<Third>,
  ): Promise<readonly [First, Second, Third]> {
    if (this.#connection.isPipelined) return Promise.all([first(), second(), third()]);
    return [await first(), await second(), await third()];
  }

  /** The revision was read after the head: events above it are taken off again, which is rare. */
  async #revisionAt(
    stream: string,
    last: Column,
    headPosition: number,
    upTo: number,
  ): Promise<number> {
    if (last === null) return -1;
    const [revision = -1, position = -1] = last.split(' ').map(Number);
    if (position <= headPosition) return revision;
    const row = await this.#connection.first<readonly [Column]>(this.#statements.lastRevision, [
      this.#number,
      stream,
      Math.min(upTo, headPosition),
    ]);
    return Number(row?.[0]?.split(' ')[0] ?? -1);
  }

  #limitOf(limit = this.#pageSizeMax): number {
    return Math.max(1, Math.min(limit, this.#pageSizeMax));
  }

  async #placeRow(position: number): Promise<PlaceRow | undefined> {
    return this.#connection.first<PlaceRow>(this.#statements.place, [this.#number, position]);
  }

  async #checkMark(after: ReadOptions['after'], head: LogPlace): Promise<void> {
    if (typeof after !== 'object' || after.position < 0) return;
    const { position, mark } = after;
    const actual = position > head.position ? undefined : await this.#markAt(position, head);
    if (actual !== mark) throw new StoreWentBackError(this.#log, position, mark, actual);
  }

  async #markAt(position: number, head: LogPlace): Promise<string | undefined> {
    return position === head.position ? head.mark : (await this.#placeRow(position))?.[1];
  }

  async #place(position: number, head: LogPlace): Promise<LogPlace> {
    const mark = position < 0 ? undefined : await this.#markAt(position, head);
    return mark === undefined ? LOG_START : { position, mark };
  }

  async #commitAtOrBelow(position: number, head: LogPlace): Promise<number> {
    if (position < 0 || position === head.position) return position;
    const row = await this.#placeRow(position);
    const commit = Number(row?.[2] ?? position);
    return commit === position ? position : (await this.#firstOf(position, commit)) - 1;
  }

  /** First position of the append that ends at `commit`; no append is longer than its bound, so neither is the walk. */
  async #firstOf(position: number, commit: number): Promise<number> {
    const row = await this.#connection.first<readonly [string]>(this.#statements.before, [
      this.#number,
      position,
      commit,
    ]);
    return Number(row?.[0] ?? -1) + 1;
  }
}

const MAX = Number.MAX_SAFE_INTEGER;
