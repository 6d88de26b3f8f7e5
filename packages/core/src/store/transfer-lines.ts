/** The lines of an export as they arrive, each parsed and named by its number; nothing is trusted and everything bounded. */
import { TRANSFER_LINE_BYTES_MAX } from './transfer.ts';

/** Text of an export, cut anywhere. */
export type TransferSource = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** A line's JSON object, or what is wrong with it. `line` counts from 1; of a line in pieces it is the last. */
export type TransferLine =
  | {
      readonly line: number;
      readonly length: number;
      readonly content: Readonly<Record<string, unknown>>;
    }
  | { readonly line: number; readonly problem: string };

/** Longest content that may stand in pieces, in characters: an event and its metadata, or an outcome, at their bounds. */
const TRANSFER_CONTENT_LENGTH_MAX: number = 16 * TRANSFER_LINE_BYTES_MAX;

/** Empty lines are passed over. A line that is too long is not held: its beginning is dropped with its rest. */
export async function* transferLines(source: TransferSource): AsyncGenerator<TransferLine, void> {
  let pieces = '';
  for await (const { line, text } of textLines(source)) {
    if (text === undefined) {
      yield {
        line,
        problem: `The line is longer than ${TRANSFER_LINE_BYTES_MAX} bytes, or is not UTF-8`,
      };
      continue;
    }
    if (text.trim() === '') continue;
    const parsed = parseObject(text);
    if (typeof parsed === 'string') {
      yield { line, problem: parsed };
      continue;
    }
    const { part, last } = parsed;
    if (typeof part === 'string') {
      pieces += part;
      if (pieces.length > TRANSFER_CONTENT_LENGTH_MAX) {
        yield {
          line,
          problem: `Its pieces are longer than ${TRANSFER_CONTENT_LENGTH_MAX} characters`,
        };
        pieces = '';
      }
    } else if (typeof last === 'string') {
      const whole = parseObject(pieces + last);
      yield typeof whole === 'string'
        ? { line, problem: whole }
        : { line, length: pieces.length + last.length, content: whole };
      pieces = '';
    } else if (pieces !== '') {
      yield { line, problem: 'The line before is a piece, and this one does not go on with it' };
      pieces = '';
    } else {
      yield { line, length: text.length, content: parsed };
    }
  }
}

/** `text` is undefined for a line that is too long or no UTF-8. */
async function* textLines(
  source: TransferSource,
): AsyncGenerator<{ readonly line: number; readonly text: string | undefined }, void> {
  const encoder = new TextEncoder();
  let line = 0;
  let parts: Uint8Array[] = [];
  let length = 0;
  function take(end: Uint8Array): string | undefined {
    const isTooLong = length + end.length > TRANSFER_LINE_BYTES_MAX;
    const whole = isTooLong ? undefined : join([...parts, end]);
    parts = [];
    length = 0;
    line += 1;
    return whole === undefined ? undefined : decode(whole);
  }
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? encoder.encode(chunk) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      const text = take(bytes.subarray(start, end));
      yield { line, text };
      start = end + 1;
    }
    length += bytes.length - start;
    if (length > TRANSFER_LINE_BYTES_MAX) parts = [];
    // A copy: the source may use its buffer again.
    else if (start < bytes.length) parts.push(bytes.slice(start));
  }
  if (length === 0) return;
  const text = take(new Uint8Array());
  yield { line, text };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The object, or a sentence on why there is none. */
function parseObject(text: string): Readonly<Record<string, unknown>> | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `The line is not JSON (${error instanceof Error ? error.message : String(error)})`;
  }
  return isObject(value) ? value : 'The line is not a JSON object';
}

/** True for an object that is not an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LINE_FEED = 10;
