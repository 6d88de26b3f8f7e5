/** What the headers of a request say. @throws {@link HttpProblem} `invalid-request` for what they cannot mean. */
import { isUtf8 } from 'node:buffer';

import { headerNames } from '@daybook/protocol';

import type { Exchange } from '../exchange.ts';
import { HttpProblem } from '../problem.ts';

type Headers = Pick<Exchange, 'header'>;

/** The command id of `Idempotency-Key`, quoted (RFC 8941) or bare. */
export function commandIdOf(request: Headers): string | undefined {
  const header = request.header(headerNames.idempotencyKey);
  if (header === undefined) return undefined;
  const key = header.startsWith('"') ? unquoted(header) : header;
  if (key === undefined || key === '')
    throw invalid(`Idempotency-Key must be a text, bare or in quotes.`);
  return latin1AsUtf8(key);
}

/** What `If-Match` and `If-None-Match` say of the stream. */
export function expectedRevisionOf(request: Headers): number | 'no-stream' | undefined {
  const match = request.header(headerNames.ifMatch);
  const noneMatch = request.header(headerNames.ifNoneMatch);
  if (match === undefined && noneMatch === undefined) return undefined;
  if (match !== undefined && noneMatch !== undefined)
    throw invalid('If-Match and If-None-Match exclude each other.');
  if (match === undefined) {
    if (noneMatch === '*') return 'no-stream';
    throw invalid('If-None-Match must be *: the stream must not exist yet.');
  }
  const revision = /^(?:W\/)?"(\d{1,16})"$/.exec(match)?.[1];
  if (revision !== undefined && Number.isSafeInteger(Number(revision))) return Number(revision);
  throw invalid('If-Match must be one revision in quotes, as an ETag gave it: "7".');
}

/** The tokens of `Consistency-Token`, which may hold several. */
export function tokensOf(request: Headers): readonly string[] | undefined {
  const header = request.header(headerNames.consistencyToken);
  if (header === undefined) return undefined;
  const tokens = header.split(',').map((token) => token.trim());
  if (tokens.length > TOKENS_MAX)
    throw invalid(`Consistency-Token must hold at most ${TOKENS_MAX} tokens.`);
  return tokens;
}

/** Milliseconds of `Prefer: wait=S`, at most `waitMsMax`. */
export function waitMsOf(request: Headers, waitMsMax: number): number | undefined {
  const prefer = request.header(headerNames.prefer);
  if (prefer === undefined) return undefined;
  const wait = /(?:^|[,;\s])wait\s*=\s*"?([^",;\s]*)/i.exec(prefer)?.[1];
  if (wait === undefined) return undefined;
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(wait))
    throw invalid('Prefer: wait must be a number of seconds.');
  return Math.min(Math.round(Number(wait) * 1_000), waitMsMax);
}

/** A W3C trace parent; what is not one is ignored, as its standard asks. */
export function traceparentOf(request: Headers): string | undefined {
  const header = request.header(headerNames.traceparent);
  return header !== undefined && /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(header)
    ? header
    : undefined;
}

/** What ties this command to a conversation; at most 256 characters. */
export function correlationIdOf(request: Headers): string | undefined {
  const header = request.header(headerNames.correlationId);
  if (header === undefined || header === '') return undefined;
  if (header.length > CORRELATION_ID_LENGTH_MAX) {
    throw invalid(`Correlation-Id must have at most ${CORRELATION_ID_LENGTH_MAX} characters.`);
  }
  return latin1AsUtf8(header);
}

/** The text in quotes, its escapes resolved; undefined where the quotes do not match. */
function unquoted(text: string): string | undefined {
  const content = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text)?.[1];
  return content?.replaceAll(/\\(["\\])/g, '$1');
}

/** Headers are read as Latin-1; a key that was sent as UTF-8 is put right, so that both facades see the same text. */
function latin1AsUtf8(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  const bytes = Buffer.from(text, 'latin1');
  return bytes.toString('latin1') === text && isUtf8(bytes) ? bytes.toString('utf8') : text;
}

function invalid(detail: string): HttpProblem {
  return new HttpProblem('invalid-request', detail);
}

const TOKENS_MAX = 16;
const CORRELATION_ID_LENGTH_MAX = 256;
