/** Standard output: for people, or JSON for programs; never both. */
import { once } from 'node:events';

import pc from 'picocolors';

import { codeOf } from './exit-code.ts';
import { printable, table } from './table.ts';
import type { Answer, Event, HealthReport, Outcome } from './target.ts';
import type { ParkedEntry } from '@daybook/core';

export interface Output {
  readonly isJson: boolean;
  outcome(outcome: Outcome): Promise<void>;
  answer(answer: Answer): Promise<void>;
  events(events: readonly Event[]): Promise<void>;
  parked(entries: readonly ParkedEntry[]): Promise<void>;
  health(report: HealthReport): Promise<void>;
  /** One document for programs, sentences for people. */
  result(document: object, sentences: string): Promise<void>;
}

export function outputOf(isJson: boolean): Output {
  return isJson ? jsonOutput() : humanOutput();
}

function jsonOutput(): Output {
  return {
    isJson: true,
    outcome: writeDocument,
    answer: writeDocument,
    events: (events) => write(events.map((event) => `${JSON.stringify(event)}\n`).join('')),
    parked: (parked) => writeDocument({ parked }),
    health: writeDocument,
    result: (value) => writeDocument(value),
  };
}

function writeDocument(value: unknown): Promise<void> {
  return write(`${JSON.stringify(value)}\n`);
}

function humanOutput(): Output {
  return {
    isJson: false,
    outcome: (outcome) => write(describeOutcome(outcome)),
    answer: (answer) => write(describeAnswer(answer)),
    events: (events) => write(events.map(describeEvent).join('')),
    parked: (entries) =>
      write(
        entries.length === 0
          ? 'Nothing is parked.\n'
          : table(
              ['read model', 'key', 'at position', 'since', 'error'],
              entries.map(({ readModel, key, parkedAt, since, error }) => [
                readModel,
                printable(key),
                String(parkedAt),
                time(since),
                pc.red(printable(`${error.code}: ${error.message}`)),
              ]),
            ),
      ),
    health: (report) => write(describeHealth(report)),
    result: (_, sentences) => write(`${sentences}\n`),
  };
}

/** Waits while the reader is slower than we are. */
export async function write(text: string): Promise<void> {
  if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** An error on standard error: a sentence for people, one line of JSON for programs. */
export function writeError(error: unknown, isJson: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  if (isJson) {
    const issues: unknown = error instanceof Error && 'issues' in error ? error.issues : undefined;
    const listed = Array.isArray(issues) && issues.length > 0 ? { issues } : {};
    process.stderr.write(
      `${JSON.stringify({ error: { code: codeOf(error) ?? 'unexpected', message, ...listed } })}\n`,
    );
    return;
  }
  const isForeseen = codeOf(error) !== undefined;
  const stack =
    !isForeseen && error instanceof Error && error.stack !== undefined
      ? `\n${pc.dim(error.stack)}`
      : '';
  process.stderr.write(`${pc.red('error:')} ${printable(message)}${stack}\n`);
}

function describeOutcome(outcome: Outcome): string {
  const again = outcome.isRepeated ? pc.dim(' (the same as the first time)') : '';
  if (outcome.status === 'refused') {
    const { type, data } = outcome.refusal;
    return `${pc.yellow('refused')} ${pc.bold(type)} ${compact(data)}${again}\n${pc.dim(`id ${outcome.commandId}`)}\n`;
  }
  const { stream, revision, events, commandId, token } = outcome;
  const at =
    stream === null ? '' : ` ${stream}${revision === null ? '' : ` at revision ${revision}`}`;
  const changed =
    events.length === 0 ? pc.dim('nothing had to happen\n') : events.map(describeEvent).join('');
  return `${pc.green('accepted')}${at}${again}\n${changed}${pc.dim(`id ${commandId}\ntoken ${token}`)}\n`;
}

function describeAnswer(answer: Answer): string {
  if (answer.status !== 'fresh')
    return `${pc.yellow(answer.status)} ${printable(answer.why)} ${pc.dim(`(position ${answer.position})`)}\n`;
  const partial =
    answer.partial === undefined
      ? ''
      : pc.yellow(`, ${answer.partial} keys are parked and may be missing`);
  return `${describeData(answer.data)}${pc.dim(`position ${answer.position}${answer.exact ? '' : ', not exact'}`)}${partial}\n`;
}

/** Rows as a table, anything else as JSON. */
function describeData(data: unknown): string {
  if (isObject(data) && Array.isArray(data['rows'])) {
    const next =
      typeof data['next'] === 'string' ? pc.dim(`more from cursor ${data['next']}\n`) : '';
    return describeData(data['rows']) + next;
  }
  if (!Array.isArray(data) || data.length === 0 || !data.every(isObject))
    return `${JSON.stringify(data, null, 2)}\n`;
  const columns = [...new Set(data.flatMap((row) => Object.keys(row)))];
  return table(
    columns,
    data.map((row) => columns.map((column) => cell(row[column]))),
  );
}

function describeEvent({ position, recordedAt, stream, revision, type, data }: Event): string {
  return `${pc.dim(String(position).padStart(6))} ${pc.dim(time(recordedAt))} ${stream}${pc.dim(`@${revision}`)} ${pc.cyan(type)} ${compact(data)}\n`;
}

function describeHealth({ status, logs, readModels }: HealthReport): string {
  const colour = status === 'ok' ? pc.green : status === 'failing' ? pc.red : pc.yellow;
  const heads = logs.map(({ log, head }) => `log ${log} at position ${head}`).join(', ');
  const rows = readModels.map((readModel) => [
    readModel.name,
    readModel.state,
    readModel.processor,
    String(readModel.position),
    `${readModel.lagEvents} events, ${readModel.lagSeconds} s`,
    readModel.parkedCount === 0 ? '0' : pc.red(String(readModel.parkedCount)),
    readModel.error === undefined
      ? ''
      : pc.red(printable(`${readModel.error.code}: ${readModel.error.message}`)),
  ]);
  return `${colour(status)} ${heads}\n${table(['read model', 'state', 'processor', 'position', 'behind', 'parked', 'error'], rows)}`;
}

function compact(data: unknown): string {
  return JSON.stringify(data) ?? '';
}

function cell(value: unknown): string {
  return typeof value === 'string' ? printable(value) : (JSON.stringify(value) ?? '');
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
