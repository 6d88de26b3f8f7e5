/**
 * Tokens: "at least this is to be seen".
 *
 * Format: `1.` and base64url of the JSON `[epoch, [[log, position, mark], …]]`. Opaque to users; everything here refuses
 * a text that is not one with {@link TokenOfAnotherStoreError}.
 */
import { TokenOfAnotherStoreError } from '../errors.ts';
import { fromBase64Url, toBase64Url } from '../message/base64-url.ts';
import type { LogPlace } from './log-place.ts';

/** The opaque text that every command answers with and every query takes. */
export type Token = string;

export interface TokenContent {
  readonly epoch: string;
  readonly places: ReadonlyMap<string, LogPlace>;
}

/** Longest token that is looked at, in characters. */
export const TOKEN_LENGTH_MAX = 8_192;

/** The token of one place in one log. */
export function tokenOf(epoch: string, log: string, place: LogPlace): Token {
  return encodeToken({ epoch, places: new Map([[log, place]]) });
}

export function encodeToken({ epoch, places }: TokenContent): Token {
  const entries = [...places].map(([log, { position, mark }]) => [log, position, mark]);
  return VERSION + toBase64Url(JSON.stringify([epoch, entries]));
}

export function decodeToken(token: Token): TokenContent {
  if (typeof token !== 'string' || token.length > TOKEN_LENGTH_MAX || !token.startsWith(VERSION)) {
    throw new TokenOfAnotherStoreError();
  }
  let content: unknown;
  try {
    content = JSON.parse(fromBase64Url(token.slice(VERSION.length)));
  } catch (cause) {
    throw new TokenOfAnotherStoreError({ cause });
  }
  return parseContent(content);
}

/**
 * One token that asks for everything the given ones ask for: the later place of each log.
 *
 * @throws {@link TokenOfAnotherStoreError} when they are of different epochs, or none is given.
 */
export function mergeTokens(tokens: readonly Token[]): Token {
  return encodeToken(mergeContents(tokens.map(decodeToken)));
}

export function mergeContents(contents: readonly TokenContent[]): TokenContent {
  const [first, ...rest] = contents;
  if (first === undefined) throw new TokenOfAnotherStoreError();
  const places = new Map(first.places);
  for (const content of rest) {
    if (content.epoch !== first.epoch) throw new TokenOfAnotherStoreError();
    for (const [log, place] of content.places) {
      const known = places.get(log);
      if (known === undefined || known.position < place.position) places.set(log, place);
    }
  }
  return { epoch: first.epoch, places };
}

function parseContent(content: unknown): TokenContent {
  if (!Array.isArray(content)) throw new TokenOfAnotherStoreError();
  const [epoch, entries] = content as readonly unknown[];
  if (typeof epoch !== 'string' || !Array.isArray(entries)) throw new TokenOfAnotherStoreError();
  const places = new Map<string, LogPlace>();
  for (const entry of entries as readonly unknown[]) {
    if (!Array.isArray(entry)) throw new TokenOfAnotherStoreError();
    const [log, position, mark] = entry as readonly unknown[];
    if (typeof log !== 'string' || typeof mark !== 'string') throw new TokenOfAnotherStoreError();
    if (typeof position !== 'number' || !Number.isSafeInteger(position) || position < -1) {
      throw new TokenOfAnotherStoreError();
    }
    places.set(log, { position, mark });
  }
  return { epoch, places };
}

const VERSION = '1.';
