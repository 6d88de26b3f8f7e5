import { readFileSync } from 'node:fs';

import { checkSchema, schemas, type HealthAnswer, type JsonSchema } from '@daybook/protocol';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';

import { balances } from '../../core/test/bank.ts';
import { openAccount, serving } from './serving.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
}

test('the OpenAPI document is accepted by an outside validator', async () => {
  await using bank = await serving({ title: 'The bank' });
  const { json, status } = await bank.get('/openapi.json');
  expect(status).toBe(200);
  const result = await new Validator().validate(json as Record<string, unknown>);
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
});

test('the OpenAPI document has each command, decision and query with its own schemas', async () => {
  await using bank = await serving();
  const { paths } = (await bank.get('/openapi.json')).json as Document;
  expect(paths['/commands/account/{id}/WithdrawMoney']?.['post']).toMatchObject({
    requestBody: {
      content: {
        'application/json': {
          schema: { required: ['cents'], properties: { cents: { type: 'integer' } } },
        },
      },
    },
    responses: {
      422: { content: { 'application/problem+json': { schema: { allOf: [{}, {}] } } } },
    },
  });
  expect(paths['/decisions/PostEntry']?.['post']).toBeDefined();
  expect(paths['/queries/balances/balanceOf']?.['get']).toMatchObject({
    parameters: [{ name: 'id', in: 'query', required: true }, {}, {}],
  });
  expect(paths['/queries/balances/balanceOf']?.['post']).toBeDefined();
  const operationIds = Object.values(paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  expect(new Set(operationIds).size).toBe(operationIds.length);
});

test('every path of the OpenAPI document is served', async () => {
  await using bank = await serving({ mode: 'development' });
  const { paths } = (await bank.get('/openapi.json')).json as Document;
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) {
      const url = `http://localhost${path.replaceAll(/\{\w+\}/g, 'x')}`;
      const response = await bank.http.fetch(new Request(url, { method: method.toUpperCase() }), {
        remoteAddress: '127.0.0.1',
      });
      expect([
        path,
        method,
        response.status === 405 || response.headers.get('content-type') === null,
      ]).toEqual([path, method, false]);
      const text = await response.text();
      expect([path, text.includes('nothing at this path')]).toEqual([path, false]);
    }
  }
});

test('answers are what their schemas say', async () => {
  await using bank = await serving({ mode: 'development' });
  const token = await openAccount(bank, 'a', 500);
  await openAccount(bank, 'b');
  const known: readonly (readonly [string, unknown])[] = [
    ['CommandAnswer', (await bank.post('/commands/account/a/DepositMoney', { cents: 1 })).json],
    [
      'DecisionAnswer',
      (
        await bank.post('/decisions/PostEntry', {
          entryId: 'e',
          postings: [
            { account: 'a', cents: -1 },
            { account: 'b', cents: 1 },
          ],
        })
      ).json,
    ],
    [
      'QueryAnswer',
      (await bank.get('/queries/balances/balanceOf?id=a', { 'consistency-token': token })).json,
    ],
    ['StreamAnswer', (await bank.get('/streams/account-a')).json],
    ['StateAnswer', (await bank.get('/streams/account-a/state')).json],
    ['EventsAnswer', (await bank.get('/events')).json],
    ['HealthAnswer', (await bank.get('/health')).json],
    ['MetaAnswer', (await bank.get('/meta')).json],
    ['Problem', (await bank.get('/streams/account-nothing')).json],
    ['Problem', (await bank.post('/commands/account/a/WithdrawMoney', { cents: 99_999 })).json],
    ['Problem', (await bank.post('/commands/account/a/WithdrawMoney', { cents: 'x' })).json],
  ];
  for (const [name, answer] of known) {
    expect([name, checkSchema(schemas[name] ?? { type: 'never' }, answer, schemas)]).toEqual([
      name,
      [],
    ]);
  }
  const [cloudEvent] = (await bank.get('/events', { accept: 'application/cloudevents-batch+json' }))
    .json as readonly unknown[];
  expect(checkSchema(schemas['CloudEvent'] ?? {}, cloudEvent, schemas)).toEqual([]);
});

test('meta says protocol, limits, retention, capabilities and definitions', async () => {
  await using bank = await serving({ title: 'The bank', limits: { bodyBytesMax: 1_000 } });
  expect((await bank.get('/meta')).json).toMatchObject({
    protocol: 2,
    title: 'The bank',
    outcomeRetentionMs: 7 * 86_400_000,
    limits: {
      bodyBytesMax: 1_000,
      eventsPerAppendMax: 1_000,
      waitMsMax: 30_000,
      connectionsMax: 5_000,
    },
    capabilities: { events: { durable: false }, live: ['websocket'] },
    definitions: {
      deciders: {
        account: { commands: ['OpenAccount', 'DepositMoney', 'WithdrawMoney', 'CloseAccount'] },
      },
      decisions: { PostEntry: { refusals: ['NotOpen', 'InsufficientFunds'] } },
      readModels: { balances: { version: 1, queries: ['balanceOf', 'richest', 'ofOwner'] } },
    },
  });
});

test('health and ready say ok when the read models are built', async () => {
  await using bank = await serving();
  const token = await openAccount(bank, 'a');
  await bank.app.query(balances.balanceOf({ id: 'a' }), { after: token });
  const health = await bank.get('/health');
  expect([health.status, (health.json as HealthAnswer).status]).toEqual([200, 'ok']);
  expect((await bank.get('/ready')).status).toBe(200);
  bank.http.close();
  expect(await bank.get('/ready')).toMatchObject({ status: 503, json: { status: 'closing' } });
});

test('every error of the core has a status', () => {
  const source = sourceOf('../../core/src/errors.ts');
  const table = sourceOf('../src/problem.ts');
  const codes = [...source.matchAll(/ readonly code = '([a-z-]+)'/g)].map(([, code]) => code ?? '');
  expect(codes.length).toBeGreaterThan(25);
  expect(codes.filter((code) => !new RegExp(`^  '?${code}'?: \\{`, 'm').test(table))).toEqual([]);
});

function sourceOf(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}
