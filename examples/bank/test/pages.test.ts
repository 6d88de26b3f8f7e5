/** What the pages show is what runs: each block that names its file stands in that file, word for word. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);
const pages = [
  'README.md',
  'docs/getting-started.md',
  'docs/guarantees.md',
  'docs/optimistic-client.md',
  'examples/bank/README.md',
];

describe.each(pages)('%s', (page) => {
  const text = read(page);

  const blocks = [...text.matchAll(/^<!-- (from|whole) (\S+) -->\n```\w+\n(.*?)^```$/gms)];
  test.runIf(blocks.length > 0).each(blocks.map(([, how, file, code]) => ({ how, file, code })))(
    'shows $how $file as it is',
    ({ how, file = '', code = '' }) => {
      const source = read(file);
      const isPart = how === 'from' && source.includes(code.trimEnd());
      expect(code).toBe(isPart ? code : source);
    },
  );

  test('shows no TypeScript that is in no file', () => {
    expect(text.match(/^```ts$/gm)?.length ?? 0).toBe(blocks.length);
  });

  test('links to files that are there', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)];
    for (const [, target = ''] of links) {
      expect(() => readFileSync(new URL(target, new URL(page, root)))).not.toThrow(/ENOENT/);
    }
  });
});

test.each(Array.from({ length: 10 }, (_, index) => `G${index + 1}`))(
  'a test attacks %s, which the pages promise',
  (promise) => {
    expect(read('README.md')).toContain(`| ${promise} `);
    expect(read('docs/guarantees.md')).toContain(`| ${promise} `);
    expect(testsOf(promise)).not.toEqual([]);
  },
);

/** Files with a test whose name begins with the promise's number, or with numbers among which it stands. */
function testsOf(promise: string): readonly string[] {
  const name = new RegExp(String.raw`\btest(?:\.\w+)?\(\s*['"\`](?:[A-Z]\d+,? )*${promise}\b`);
  return globSync('{packages,examples}/*/test/**/*.test.ts', { cwd: fileURLToPath(root) }).filter(
    (file) => name.test(read(file)),
  );
}

function read(file: string): string {
  return readFileSync(new URL(file, root), 'utf8');
}
