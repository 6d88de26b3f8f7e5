/** Import of recorded events: one transaction, in which everything is checked against the log as it stands. */
import { hash } from 'node:crypto';

import {
  ImportRefusedError,
  isSameJson,
  markOf,
  StoreUnavailableError,
  type ImportBatch,
  type ImportResult,
  type RecordedEvent,
  type StoredOutcome,
} from '@daybook/core';

import { CommitFailedError, statement, type Connection } from './connection.ts';
import { outcomeColumns, outcomeOfRow, placeOf, type OutcomeRow } from './stored-outcome.ts';

/** @throws {@link ImportRefusedError} {@link StoreUnavailableError} nothing of the batch was written, or all of it: repeat it. */
export async function importBatch(
  connection: Connection,
  schema: string,
  log: string,
  batch: ImportBatch,
): Promise<ImportResult> {
  checkShape(batch);
  try {
    return await connection.transaction('BEGIN ISOLATION LEVEL READ COMMITTED', async () => {
      const transaction = await ImportTransaction.begin(connection, schema, log);
      return transaction.write(batch);
    });
  } catch (error) {
    if (!(error instanceof CommitFailedError)) throw error;
    throw new StoreUnavailableError(
      'The connection was lost at the commit of an import. Import again: what is there already is skipped.',
      { cause: error },
    );
  }
}

function checkShape({ after, events }: ImportBatch): void {
  let expected = after.position + 1;
  let end = after.position;
  for (const { position, commit } of events) {
    if (position !== expected)
      throw refuse(position, `came where position ${expected} was expected`);
    if (commit < position || (position <= end && commit !== end)) {
      throw refuse(position, 'does not belong to the append that it stands in');
    }
    end = commit;
    expected += 1;
  }
  if (end >= expected) {
    throw refuse(end, 'is missing: a batch ends with the last event of an append');
  }
}

/** An event with the texts that are stored of it. */
interface ImportedEvent {
  readonly event: RecordedEvent;
  readonly data: string;
  readonly metadata: string;
  readonly mark: string;
}

class ImportTransaction {
  readonly #connection: Connection;
  readonly #schema: string;
  readonly #log: string;
  readonly #number: number;
  readonly #head: number;
  readonly #latest: number;
  readonly #isImported: boolean;

  /** Takes the lock of the log, which is made where there is none. */
  static async begin(connection: Connection, s: string, log: string): Promise<ImportTransaction> {
    await connection.rows(
      statement(`INSERT INTO ${s}.logs (name) VALUES ($1) ON CONFLICT DO NOTHING`),
      [log],
    );
    await connection.rows(
      statement(`
        SELECT pg_advisory_xact_lock('${s}.events'::regclass::oid::integer, log)::text
        FROM ${s}.logs WHERE name = $1`),
      [log],
    );
    const row = await connection.first(
      statement(`
        SELECT logs.log, logs.imported, coalesce(last.position, -1), greatest(coalesce(last.recorded_at, 0), logs.clock)
        FROM ${s}.logs LEFT JOIN LATERAL (
          SELECT events.position, events.recorded_at FROM ${s}.events
          WHERE events.log = logs.log ORDER BY events.position DESC LIMIT 1) AS last ON true
        WHERE logs.name = $1`),
      [log],
    );
    return new ImportTransaction(connection, s, log, row ?? []);
  }

  private constructor(
    connection: Connection,
    schema: string,
    log: string,
    row: readonly (string | null)[],
  ) {
    const [number, isImported, head, latest] = row;
    this.#connection = connection;
    this.#schema = schema;
    this.#log = log;
    this.#number = Number(number);
    this.#isImported = isImported === 't';
    this.#head = Number(head);
    this.#latest = Number(latest);
  }

  async write({ after, events, outcomes }: ImportBatch): Promise<ImportResult> {
    const stored = await this.#stored(after.position, events.length);
    if (after.position >= 0 && stored.get(after.position)?.mark !== after.mark) {
      throw refuse(after.position, 'is not the one that the import goes on from');
    }
    const end = after.position + events.length;
    const freshOutcomes = await this.#freshOutcomes(outcomes, end);
    const imported = events.map(toImported);
    const skipped = imported.filter((one) => isThere(one, stored)).length;
    const fresh = imported.slice(skipped);
    if (fresh.length + freshOutcomes.length > 0 && !this.#isImported) {
      throw refuse(
        after.position + skipped + 1,
        'cannot be imported: an import goes on only in a log that it began, and this one was appended to',
      );
    }
    await this.#checkFresh(fresh);
    for (let at = 0; at < fresh.length; at += INSERT_SIZE) {
      await this.#insertEvents(fresh.slice(at, at + INSERT_SIZE));
    }
    await this.#insertOutcomes(
      freshOutcomes.toSorted((left, right) => left.head.position - right.head.position),
    );
    const mark = imported.at(-1)?.mark ?? after.mark;
    return { imported: fresh.length, skipped, place: placeOf(end, mark) };
  }

  /** Marks and commits of the stored events from a position on. */
  async #stored(from: number, count: number): Promise<ReadonlyMap<number, StoredEvent>> {
    const rows = await this.#connection.rows<readonly [string, string, string]>(
      statement(
        `SELECT position, mark, commit_position FROM ${this.#schema}.events WHERE log = $1 AND position BETWEEN $2 AND $3`,
      ),
      [this.#number, from, from + count],
    );
    return new Map(
      rows.map(([position, mark, commit]) => [Number(position), { mark, commit: Number(commit) }]),
    );
  }

  async #freshOutcomes(
    outcomes: readonly StoredOutcome[],
    end: number,
  ): Promise<readonly StoredOutcome[]> {
    const s = this.#schema;
    const rows = await this.#connection.rows<OutcomeRow>(
      statement(
        `SELECT ${outcomeColumns(s)} FROM ${s}.appends AS a WHERE a.log = $1 AND a.id = ANY ($2)`,
      ),
      [this.#number, outcomes.map(({ id }) => id)],
    );
    const known = new Map(rows.map((row) => [row[0], outcomeOfRow(row, this.#log)]));
    return outcomes.filter((outcome) => {
      const { id, head, position } = outcome;
      if (head.position > end || (position ?? -1) > end) {
        throw refuse(head.position, `is beyond the batch, but the outcome "${id}" names it`);
      }
      const there = known.get(id);
      if (there === undefined) return true;
      // Marks of heads are not stored with outcomes; those of the events were compared.
      if (isSameJson(withoutMark(there), withoutMark({ ...outcome, log: this.#log }))) return false;
      throw refuse(head.position, `came with another outcome "${id}" than this log has`);
    });
  }

  async #checkFresh(fresh: readonly ImportedEvent[]): Promise<void> {
    const revisions = await this.#revisions(new Set(fresh.map(({ event }) => event.stream)));
    const ids = await this.#knownIds(fresh.map(({ event }) => event.id));
    let latest = this.#latest;
    for (const { event } of fresh) {
      const { position, stream, revision, recordedAt, id } = event;
      if (position <= this.#head) throw refuse(position, 'is another one in this log');
      const expected = (revisions.get(stream) ?? -1) + 1;
      if (revision !== expected) {
        throw refuse(position, `has revision ${revision} where ${expected} was expected`);
      }
      if (recordedAt < latest) {
        throw refuse(position, 'was recorded before the event that it follows');
      }
      if (ids.has(id)) throw refuse(position, `has an id that an earlier event has: "${id}"`);
      revisions.set(stream, revision);
      ids.add(id);
      latest = recordedAt;
    }
  }

  async #revisions(streams: ReadonlySet<string>): Promise<Map<string, number>> {
    const rows = await this.#connection.rows<readonly [string, string]>(
      statement(`
        SELECT asked.stream, last.revision FROM unnest($2::text[]) AS asked(stream) CROSS JOIN LATERAL (
          SELECT revision FROM ${this.#schema}.events WHERE log = $1 AND events.stream = asked.stream
          ORDER BY revision DESC LIMIT 1) AS last`),
      [this.#number, [...streams]],
    );
    return new Map(rows.map(([stream, revision]) => [stream, Number(revision)]));
  }

  async #knownIds(ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.#connection.rows<readonly [string]>(
      statement(`SELECT id FROM ${this.#schema}.events WHERE log = $1 AND id = ANY ($2)`),
      [this.#number, ids],
    );
    return new Set(rows.map(([id]) => id));
  }

  async #insertEvents(events: readonly ImportedEvent[]): Promise<void> {
    const texts = events.map(({ event, data, metadata, mark }) => {
      const { position, stream, revision, type, schemaVersion, recordedAt, commit, id } = event;
      const tags = event.tags.length === 0 ? null : [...new Set(event.tags)];
      const plain = JSON.stringify({
        p: position,
        s: stream,
        r: revision,
        t: type,
        v: schemaVersion,
        w: recordedAt,
        c: commit,
        k: mark,
        i: id,
        g: tags,
      });
      return `${plain.slice(0, -1)},"d":${data},"m":${metadata}}`;
    });
    const parameters = [this.#number, `[${texts.join(',')}]`];
    await this.#connection.rows(
      statement(`
        INSERT INTO ${this.#schema}.events (log, position, stream, revision, type, schema_version, recorded_at,
          commit_position, mark, id, tags, data, metadata)
        SELECT $1, e.p, e.s, e.r, e.t, e.v, e.w, e.c, e.k, e.i, e.g, coalesce(e.d, 'null'), e.m
        FROM json_to_recordset($2::json) AS e(p bigint, s text, r bigint, t text, v bigint, w bigint, c bigint,
          k text, i text, g json, d json, m json)`),
      parameters,
    );
    await this.#connection.rows(
      statement(`
        INSERT INTO ${this.#schema}.tags (log, tag, position, type)
        SELECT $1, tag.name, e.p, e.t FROM json_to_recordset($2::json) AS e(p bigint, t text, g json)
        CROSS JOIN LATERAL json_array_elements_text(e.g) AS tag(name) WHERE e.g IS NOT NULL`),
      parameters,
    );
  }

  async #insertOutcomes(outcomes: readonly StoredOutcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    const s = this.#schema;
    const plain = outcomes.map((outcome) => ({
      i: outcome.id,
      h: outcome.contentHash,
      o: outcome.outcome,
      f: outcome.first,
      l: outcome.position,
      e: outcome.head.position,
      w: outcome.recordedAt,
      s: outcome.streams.map(({ stream }) => stream),
      r: `{${outcome.streams.map(({ revision }) => revision).join(',')}}`,
    }));
    await this.#connection.rows(
      statement(`
        INSERT INTO ${s}.appends (log, number, id, content_hash, outcome, first, last, head, recorded_at, streams, revisions)
        SELECT $1, greatest((SELECT max(number) FROM ${s}.appends WHERE log = $1), logs.pruned) + a.n,
          a.i, a.h, a.o, a.f, a.l, a.e, a.w, a.s, a.r::bigint[]
        FROM ${s}.logs, ROWS FROM (json_to_recordset($2::json) AS (i text, h text, o json, f bigint, l bigint, e bigint,
          w bigint, s json, r text)) WITH ORDINALITY AS a(i, h, o, f, l, e, w, s, r, n)
        WHERE logs.log = $1`),
      [this.#number, JSON.stringify(plain)],
    );
  }
}

interface StoredEvent {
  readonly mark: string;
  readonly commit: number;
}

function toImported(event: RecordedEvent): ImportedEvent {
  const data = JSON.stringify(event.data);
  const metadata = JSON.stringify(event.metadata);
  return { event, data, metadata, mark: markOf(sha256, { ...event, data, metadata }) };
}

/** True when the log has the same event there; a different one is refused. */
function isThere(
  { event, mark }: ImportedEvent,
  stored: ReadonlyMap<number, StoredEvent>,
): boolean {
  const there = stored.get(event.position);
  if (there === undefined) return false;
  if (there.mark === mark && there.commit === event.commit) return true;
  throw refuse(event.position, 'is another one in this log');
}

function withoutMark({ head, ...outcome }: StoredOutcome): object {
  return { ...outcome, head: head.position };
}

function sha256(text: string): string {
  return hash('sha256', text);
}

function refuse(position: number, why: string): ImportRefusedError {
  return new ImportRefusedError(
    `The event at position ${position} ${why}. Nothing of the batch was written.`,
    position,
  );
}

/** Events of one statement. */
const INSERT_SIZE = 1_000;
