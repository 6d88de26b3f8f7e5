import { defineConfig } from 'oxlint';

/** The rows of `packages/core/src`, from the ground up: each may import only from those before it. */
const coreRows = [
  'errors.ts',
  'message',
  'decider',
  'store',
  'handling',
  'processing',
  'projection',
  'query',
  'reaction',
  'app',
  'testing',
];

/** What each package may import from the others; the compiler's project references say the same. */
const packageImports: Readonly<Record<string, readonly string[]>> = {
  core: [],
  protocol: [],
  sqlite: ['core'],
  postgres: ['core'],
  server: ['core', 'protocol'],
  client: ['core', 'protocol'],
  cli: ['core', 'server', 'client', 'sqlite'],
};

/** These run in a browser too and have no dependency outside this repository. */
const purePackages = ['core', 'protocol', 'client'];

export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'promise', 'vitest'],
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['**/dist/**', 'examples/*/data/**'],
  rules: {
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/return-await': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    // These refuse what the style asks for: tools are taken apart (`{ emit, refuse }`), casts stand at edges
    // in one named function each, a loop ends by its signal, and `void` marks a promise that needs no waiting.
    'typescript/unbound-method': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    'no-unmodified-loop-condition': 'off',
    'promise/always-return': 'off',
    // An import for its effect is `assert-node`; an empty export makes a script a module.
    'import/no-unassigned-import': 'off',
    'unicorn/require-module-specifiers': 'off',
    eqeqeq: 'error',
    'no-var': 'error',
    'prefer-const': 'error',
  },
  overrides: [
    ...Object.entries(packageImports).map(([name, allowed]) => ({
      files: [`packages/${name}/src/**`],
      rules: {
        'no-restricted-imports': restricted(...outsideOf(name, allowed)),
      },
    })),
    ...coreRows.map((row, index) => ({
      files: [`packages/core/src/${row.endsWith('.ts') ? row : `${row}/**`}`],
      rules: {
        'no-restricted-imports': restricted(
          ...outsideOf('core', []),
          ...above(row, coreRows.slice(index + 1)),
        ),
      },
    })),
    {
      // Tools ask for a default export.
      files: ['*.config.ts', 'scripts/skip-reporter.ts'],
      rules: { 'import/no-default-export': 'off' },
    },
  ],
});

interface Pattern {
  readonly regex: string;
  readonly message: string;
}

function restricted(...patterns: readonly Pattern[]): ['error', { patterns: Pattern[] }] {
  return ['error', { patterns: [...patterns] }];
}

/** Refuses packages that the table does not allow; a pure package may import nothing from outside at all. */
function outsideOf(name: string, allowed: readonly string[]): readonly Pattern[] {
  const refused = Object.keys(packageImports).filter((other) => !allowed.includes(other));
  const message = `${name} may import of this repository only ${allowed.join(', ') || 'its own files'}, and only by public entries.`;
  // The linter's expressions know no look-ahead, so that "any but" is spelled out.
  const patterns = [
    { regex: `^@daybook/(?:${refused.join('|')})(?:/|$)`, message },
    { regex: '^@daybook/[^/]+/(?:src|dist|test)/', message },
    { regex: '^\\.\\.?/.*/(?:src|dist)/', message },
  ];
  if (!purePackages.includes(name)) return patterns;
  const pure = `${name} runs everywhere and depends on nothing from outside this repository.`;
  return [...patterns, { regex: '^(?:[^.@]|@[^d]|@d[^a]|@da[^y])', message: pure }];
}

/** Refuses, in one row of core, the rows above it and the package's two doors. */
function above(row: string, higher: readonly string[]): readonly Pattern[] {
  if (row === 'testing') return [];
  const names = [...higher, 'index.ts', 'testing.ts'].map((name) =>
    name.endsWith('.ts') ? `${name.slice(0, -3)}\\.ts$` : `${name}/`,
  );
  return [
    {
      regex: `^(?:\\.{1,2}/)+(?:${names.join('|')})`,
      message: `${row} may import only from the rows of core before its own: ${coreRows.join(', ')}.`,
    },
  ];
}
