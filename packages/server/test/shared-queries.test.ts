/** Subscriptions that share an evaluation, over one that the test makes answer by answer. */
import type { FreshAnswer, LiveOptions, QueryAnswer, QueryMessage } from '@daybook/core';
import { encodeToken } from '@daybook/core';
import type { DownFrame } from '@daybook/protocol';
import { expect, onTestFinished, test } from 'vitest';

import { AnswerTexts } from '../src/live/answer-text.ts';
import { SharedQueries } from '../src/live/shared-queries.ts';
import { Subscription } from '../src/live/subscription.ts';

const message: QueryMessage = { kind: 'query', readModel: 'r', query: 'q', params: {} };

/** One evaluation, as `live` of the application gives it. */
interface Evaluation {
  readonly options: LiveOptions;
  give(answer: QueryAnswer): void;
  readonly hasEnded: Promise<void>;
}

class FakeApp {
  readonly evaluations: Evaluation[] = [];

  async *live(_: QueryMessage, options: LiveOptions): AsyncGenerator<QueryAnswer> {
    const answers: QueryAnswer[] = [];
    let wake: (() => void) | undefined;
    let end: (() => void) | undefined;
    const hasEnded = new Promise<void>((resolve) => (end = resolve));
    this.evaluations.push({
      options,
      give: (given) => {
        answers.push(given);
        wake?.();
      },
      hasEnded,
    });
    options.signal.addEventListener('abort', () => wake?.());
    try {
      while (!options.signal.aborted) {
        const [next] = answers.splice(0, 1);
        if (next !== undefined) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      end?.();
    }
  }
}

function answer(position: number): FreshAnswer {
  return {
    status: 'fresh',
    data: { position },
    position,
    token: tokenAt(position),
    exact: true,
    generation: 1,
  };
}

function tokenAt(position: number): string {
  return encodeToken({ epoch: 'e', places: new Map([['main', { position, mark: '' }]]) });
}

interface Subscriber {
  readonly frames: DownFrame[];
  readonly ended: AbortController;
}

function subscribe(app: FakeApp, shared: SharedQueries, after?: number): Subscriber {
  const frames: DownFrame[] = [];
  const ended = new AbortController();
  onTestFinished(() => ended.abort());
  const subscription = new Subscription({
    app,
    shared,
    texts: new AnswerTexts(false),
    id: 's',
    message,
    after: after === undefined ? undefined : tokenAt(after),
    hasRows: false,
    signal: ended.signal,
    send: async (frame) => void frames.push(frame),
    sendText: async (text) => void frames.push(JSON.parse(text) as DownFrame),
  });
  void subscription.run();
  return { frames, ended };
}

const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function seen({ frames }: Subscriber): string {
  return frames.map((frame) => `${frame.type} ${'position' in frame ? frame.position : ''}`).join();
}

test('V2 T2: who must see more than the others do asks by himself, and joins them when they are there', async () => {
  const app = new FakeApp();
  const shared = new SharedQueries(app);
  const first = subscribe(app, shared);
  await quiet();
  const [common, own] = app.evaluations;
  own?.give(answer(5));
  common?.give(answer(5));
  await quiet();
  const later = subscribe(app, shared, 8);
  await quiet();
  expect(later.frames).toEqual([]);
  app.evaluations[2]?.give(answer(9));
  await quiet();
  // What the others are given still lags behind, and would lead this one back.
  common?.give(answer(7));
  await quiet();
  common?.give(answer(10));
  await quiet();
  expect(seen(first)).toBe('snap 5,next 7,next 10');
  expect(seen(later)).toBe('snap 9,next 10');
  expect(later.frames[1]).toMatchObject({ from: 9, to: 10 });
});

test('V2: who need not see more begins with what the others have', async () => {
  const app = new FakeApp();
  const shared = new SharedQueries(app);
  subscribe(app, shared);
  await quiet();
  app.evaluations[0]?.give(answer(5));
  app.evaluations[1]?.give(answer(5));
  await quiet();
  const evaluations = app.evaluations.length;
  const others = [subscribe(app, shared), subscribe(app, shared, 5)];
  await quiet();
  expect(others.map(seen)).toEqual(['snap 5', 'snap 5']);
  expect(app.evaluations.length).toBe(evaluations);
});

test('G9: an evaluation ends with the last who listens, and a new one begins with the next', async () => {
  const app = new FakeApp();
  const shared = new SharedQueries(app);
  const both = [subscribe(app, shared), subscribe(app, shared)];
  await quiet();
  const [common] = app.evaluations;
  expect(app.evaluations.filter(({ options }) => options.positions === true)).toHaveLength(1);
  both[0]?.ended.abort();
  await quiet();
  expect(common?.options.signal.aborted).toBe(false);
  both[1]?.ended.abort();
  await common?.hasEnded;
  subscribe(app, shared);
  await quiet();
  expect(app.evaluations.filter(({ options }) => options.positions === true)).toHaveLength(2);
});
