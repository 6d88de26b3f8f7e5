import { readFile } from 'node:fs/promises';

import * as core from '@daybook/core';
import { expect, test } from 'vitest';

const page = new URL('../../../docs/errors.md', import.meta.url);
const source = new URL('../src/errors.ts', import.meta.url);

test('the catalogue of errors and the code name the same errors, and say the same of repeating', async () => {
  const rows = [...(await readFile(page, 'utf8')).matchAll(/^\| `([a-z-]+)` \| (\w*)/gm)];
  const inPage = new Map(rows.map(([, code = '', again = '']) => [code, again]));
  const text = await readFile(source, 'utf8');
  const classes = text.split(/^export class /m).slice(1);
  const inCode = new Map(
    classes.map((body) => {
      const code = /readonly code = '([a-z-]+)'/.exec(body)?.[1] ?? '';
      const isSometimes = body.includes('override readonly isRetryable: boolean;');
      const isAlways = body.includes('override readonly isRetryable = true;');
      return [code, isSometimes ? 'sometimes' : isAlways ? 'yes' : ''];
    }),
  );
  expect([...inPage].toSorted(byCode)).toEqual([...inCode].toSorted(byCode));
  expect(inCode.size).toBeGreaterThan(30);
});

test('an error is recognised by its code, of another copy of the package too', () => {
  const error = new core.OverloadedError('queue', 5);
  expect(core.hasCode(error, 'overloaded')).toBe(true);
  expect(core.hasCode(error, 'closed')).toBe(false);
  const foreign = Object.assign(new Error('x'), { code: 'overloaded', isRetryable: true });
  expect(core.hasCode(foreign, 'overloaded')).toBe(true);
  expect(core.hasCode(Object.assign(new Error('x'), { code: 'overloaded' }), 'overloaded')).toBe(
    false,
  );
  expect(core.hasCode('overloaded', 'overloaded')).toBe(false);
  expect(error.name).toBe('OverloadedError');
});

function byCode([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}
