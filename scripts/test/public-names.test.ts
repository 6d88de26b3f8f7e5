/** A new public name is a promise: it comes with a docstring, a test and a changelog line, and stands in this list. */
import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);

test('every package gives the names that are listed, and no others', () => {
  const given = new Map<string, readonly string[]>();
  for (const folder of readdirSync(new URL('packages/', root))) {
    const { name, exports } = JSON.parse(read(`packages/${folder}/package.json`));
    for (const [entry, { 'daybook-source': source }] of Object.entries<Entry>(exports ?? {})) {
      const names = namesIn(read(`packages/${folder}/${source}`));
      given.set(entry === '.' ? name : `${name}${entry.slice(1)}`, names);
    }
  }
  const listed = JSON.parse(read('scripts/test/public-names.json'));
  expect(Object.fromEntries(given)).toEqual(listed);
});

interface Entry {
  readonly 'daybook-source': string;
}

/** The names of `export { … } from` and `export type { … } from`, after any `as`. */
function namesIn(source: string): readonly string[] {
  const lists = [...source.matchAll(/export (?:type )?\{([^}]*)\}/g)];
  const names = lists.flatMap(([, list = '']) => list.split(','));
  return names
    .map((name) =>
      name
        .trim()
        .replace(/^type /, '')
        .replace(/^.* as /, ''),
    )
    .filter((name) => name !== '')
    .toSorted();
}

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}
