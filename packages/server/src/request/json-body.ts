/** The body of a request as JSON. */
import { isUtf8 } from 'node:buffer';

import type { HttpLimits } from '@daybook/protocol';

import type { Exchange } from '../exchange.ts';
import { HttpProblem } from '../problem.ts';
import { parseJsonText } from './json-text.ts';

/**
 * The body's value, `{}` where there is none: a command without data need not send any.
 *
 * @throws {@link HttpProblem} `unsupported-media-type`, `body-too-large`, `invalid-message`
 */
export async function readJson(
  exchange: Exchange,
  { bodyBytesMax, bodyDepthMax }: HttpLimits,
): Promise<unknown> {
  const contentType = exchange.header('content-type');
  checkContentType(contentType, exchange.header('content-encoding'));
  const { bytes, value } = await exchange.body(bodyBytesMax);
  if (bytes === undefined) return value;
  if (bytes.length === 0) return {};
  if (contentType === undefined) throw unsupported('no content type');
  if (!isUtf8(bytes)) {
    throw new HttpProblem('invalid-message', 'The body is not UTF-8.', [
      { path: '', message: 'is not UTF-8' },
    ]);
  }
  return parseJsonText(textOf(bytes), bodyDepthMax);
}

function checkContentType(contentType: string | undefined, encoding: string | undefined): void {
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw unsupported(`the encoding ${encoding}`);
  if (contentType === undefined || contentType === 'application/json') return;
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  if (type.trim() !== 'application/json') throw unsupported(type.trim());
  const charset = parameters
    .map((parameter) => parameter.trim())
    .find((parameter) => parameter.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-8"?$/.test(charset)) throw unsupported(charset);
}

function unsupported(what: string): HttpProblem {
  return new HttpProblem(
    'unsupported-media-type',
    `A body must be application/json in UTF-8, not compressed; this one has ${what.slice(0, 100)}.`,
  );
}

function textOf(bytes: Uint8Array): string {
  return Buffer.isBuffer(bytes)
    ? bytes.toString('utf8')
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
