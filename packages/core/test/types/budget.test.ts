import { expect, test } from 'vitest';

import { compile } from './compiler.ts';

const DECIDERS = 60;
const EVENTS = 10;

test('60 deciders of 10 events and 10 commands, 61 read models, 60 sends and 60 queries take at most 2.3 million instantiations', async () => {
  const { errors, instantiations } = await compile(sourceOf(DECIDERS, EVENTS));
  expect([...errors]).toEqual([]);
  expect(instantiations).toBeGreaterThan(500_000);
  expect(instantiations).toBeLessThanOrEqual(2_300_000);
}, 120_000);

function sourceOf(deciders: number, events: number): string {
  const numbers = times(deciders, (d) => d);
  return [
    "import { daybook, decider, readModel, type StartOptions } from '@daybook/core';",
    "import { z } from 'zod';",
    'declare const options: StartOptions;',
    ...numbers.map((d) => deciderSource(d, events)),
    ...numbers.map((d) => readModelSource(d, events)),
    everythingSource(numbers),
    `const app = await daybook({ deciders: [${numbers.map((d) => `d${d}`).join(', ')}],`,
    `  readModels: [everything, ${numbers.map((d) => `r${d}`).join(', ')}] }).start(options);`,
    ...numbers.map(useSource),
  ].join('\n');
}

function deciderSource(d: number, events: number): string {
  const lines = (line: (e: number) => string): string => times(events, line).join('\n');
  return `const d${d} = decider('d${d}', {
  events: {
${lines((e) => `D${d}Happened${e}: z.object({ n${e}: z.int(), text: z.string(), kind: z.enum(['a', 'b']) }),`)}
  },
  commands: {
${lines((e) => `D${d}Do${e}: z.object({ n${e}: z.int(), text: z.string() }),`)}
  },
  refusals: { TooMany: z.object({ count: z.int() }) },
  initialState: { count: 0, text: '' },
  evolve: {
${lines((e) => `D${d}Happened${e}: (state, data) => ({ ...state, count: state.count + data.n${e} }),`)}
  },
  decide: {
${lines(
  (e) => `D${d}Do${e}: (command, state, { emit, refuse }) => state.count > command.n${e}
    ? refuse.TooMany({ count: state.count }) : emit.D${d}Happened${e}({ ...command, kind: 'a' }),`,
)}
  },
});`;
}

function readModelSource(d: number, events: number): string {
  const on = times(
    events,
    (e) =>
      `D${d}Happened${e}: (row, data) => ({ total: (row?.total ?? 0) + data.n${e}, text: data.text }),`,
  );
  return `const r${d} = readModel('r${d}', {
  from: [d${d}],
  row: z.object({ total: z.int(), text: z.string() }),
  indexes: ['text'],
  on: {
${on.join('\n')}
  },
  queries: (query) => ({
    byId: query(z.object({ id: z.string() }), (rows, { id }) => rows.get(id)),
    byText: query(z.object({ text: z.string() }), (rows, { text }) => rows.find({ where: { text } })),
  }),
});`;
}

function everythingSource(numbers: readonly number[]): string {
  const on = numbers.map(
    (d) => `D${d}Happened0: (row, data) => ({ total: (row?.total ?? 0) + data.n0 }),`,
  );
  return `const everything = readModel('everything', {
  from: [${numbers.map((d) => `d${d}`).join(', ')}],
  row: z.object({ total: z.int() }),
  key: (event) => event.stream,
  on: {
${on.join('\n')}
  },
  queries: (query) => ({ byId: query(z.object({ id: z.string() }), (rows, { id }) => rows.get(id)) }),
});`;
}

function useSource(d: number): string {
  return `const s${d} = await app.send(d${d}.D${d}Do0('x', { n0: 1, text: 'a' }));
if (s${d}.status === 'refused') s${d}.refusal.data.count.toFixed();
else s${d}.events[0]?.data.n0.toFixed();
const q${d} = await app.query(r${d}.byId({ id: 'x' }), { after: s${d}.token });
if (q${d}.status === 'fresh') q${d}.data?.total.toFixed();`;
}

function times<Value>(count: number, make: (index: number) => Value): readonly Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
