// oxlint-disable vitest/expect-expect -- What is given here expects by itself.
import { decider, decision, event, face, fold, type OutcomeOf } from '@daybook/core';
import { given } from '@daybook/core/testing';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';

import { account, postEntry } from '../bank.ts';

const tagged = <Schema extends typeof courseOffered | typeof seatTaken>(schema: Schema) => schema;
const courseOffered = event(z.object({ courseId: z.string(), seats: z.int() }), {
  tags: ({ courseId }) => [`course:${courseId}`],
});
const seatTaken = event(z.object({ courseId: z.string(), studentId: z.string() }), {
  tags: ({ courseId, studentId }) => [`course:${courseId}`, `student:${studentId}`],
});

const course = decider('course', {
  events: { CourseOffered: tagged(courseOffered), SeatTaken: tagged(seatTaken) },
  commands: { OfferCourse: z.object({ seats: z.int() }) },
  initialState: 0,
  evolve: { CourseOffered: (_, { seats }) => seats, SeatTaken: (seats) => seats - 1 },
  decide: { OfferCourse: () => [] },
});

const seats = fold({
  from: [course],
  tags: (courseId: string) => [`course:${courseId}`],
  initialState: { left: 0 },
  evolve: {
    CourseOffered: (_, { seats: left }) => ({ left }),
    SeatTaken: ({ left }) => ({ left: left - 1 }),
  },
});

const coursesOf = fold({
  from: [course],
  tags: (studentId: string) => [`student:${studentId}`],
  initialState: (): readonly string[] => [],
  evolve: { SeatTaken: (taken, { courseId }) => [...taken, courseId] },
});

const takeSeat = decision('TakeSeat', {
  command: z.object({ courseId: z.string(), studentId: z.string() }),
  reads: ({ courseId, studentId }) => ({
    course: seats(courseId),
    taken: coursesOf(studentId),
    stream: course.stream(courseId),
  }),
  emits: [course],
  refusals: { CourseFull: z.object({ courseId: z.string() }), TooManyCourses: z.object({}) },
  decide: (command, state, { emit, refuse }) => {
    expectTypeOf(state).toEqualTypeOf<{
      readonly course: { left: number };
      readonly taken: readonly string[];
      readonly stream: number;
    }>();
    if (state.taken.length >= 2) return refuse.TooManyCourses();
    if (state.course.left < 1) return refuse.CourseFull({ courseId: command.courseId });
    return emit.SeatTaken(command.courseId, command);
  },
});

test('a request is a plain JSON value', () => {
  const request = takeSeat({ courseId: 'c', studentId: 's' });
  const data = { courseId: 'c', studentId: 's' };
  expect(structuredClone(request)).toEqual({ kind: 'decision', decision: 'TakeSeat', data });
  expect(takeSeat.name).toBe('TakeSeat');
});

test('types: what it may come to is read from its handler', () => {
  type Outcome = OutcomeOf<ReturnType<typeof postEntry>>;
  type Refused = Extract<Outcome, { status: 'refused' }>['refusal'];
  expectTypeOf<Refused['type']>().toEqualTypeOf<'NotOpen' | 'InsufficientFunds'>();
  type Recorded = Extract<Outcome, { status: 'accepted' }>['events'][number];
  expectTypeOf<Recorded['type']>().toEqualTypeOf<'MoneyDeposited' | 'MoneyWithdrawn'>();
});

test('reads streams, lists of streams and folds under the names of the definition', () => {
  const reads = takeSeat[face].reads({ courseId: 'c', studentId: 's' });
  expect([...reads.keys()]).toEqual(['course', 'taken', 'stream']);
  expect(reads.get('course')).toMatchObject({ kind: 'fold', tags: ['course:c'] });
  expect(reads.get('stream')).toMatchObject({ kind: 'stream', stream: 'course-c', id: 'c' });
  const data = {
    entryId: 'e',
    postings: [
      { account: 'b', cents: 1 },
      { account: 'a', cents: -1 },
    ],
  };
  expect(postEntry[face].reads(data).get('accounts')).toMatchObject({
    kind: 'streams',
    list: [{ stream: 'account-b' }, { stream: 'account-a' }],
  });
});

test('a fold asks for the types that it evolves on, and no others', () => {
  expect([...coursesOf('s')[face].events.keys()]).toEqual(['SeatTaken']);
});

test('decides over tags, whatever stream the events stand in', () => {
  const offered = course.events.CourseOffered({ courseId: 'c', seats: 1 });
  const taken = (courseId: string, studentId: string) =>
    course.events.SeatTaken({ courseId, studentId });
  given(takeSeat, [[course.stream('elsewhere'), offered]])
    .when(takeSeat({ courseId: 'c', studentId: 's' }))
    .thenEmitted([[course.stream('c'), taken('c', 's')]]);
  given(takeSeat, [[course.stream('c'), offered, taken('d', 'other'), taken('e', 's')]])
    .when(takeSeat({ courseId: 'c', studentId: 's' }))
    .thenEmitted([[course.stream('c'), taken('c', 's')]]);
  given(takeSeat, [[course.stream('c'), offered, taken('c', 'other')]])
    .when(takeSeat({ courseId: 'c', studentId: 's' }))
    .thenRefused('CourseFull', { courseId: 'c' });
  given(takeSeat, [[course.stream('x'), taken('a', 's'), taken('b', 's')]])
    .when(takeSeat({ courseId: 'c', studentId: 's' }))
    .thenRefused('TooManyCourses');
});

test('emits to streams by their ids', () => {
  const state = { isOpen: true, overdraftCents: 0, balanceCents: 10 };
  const data = {
    entryId: 'e',
    postings: [
      { account: 'a', cents: -4 },
      { account: 'b', cents: 4 },
    ],
  };
  const result = postEntry[face].decide(data, { accounts: [state, state] });
  expect(result.events).toMatchObject([
    { stream: 'account-a', type: 'MoneyWithdrawn', data: { balanceCents: 6 } },
    { stream: 'account-b', type: 'MoneyDeposited', data: { balanceCents: 14 } },
  ]);
});

test('an id that is none is refused as it is emitted to', () => {
  const state = { course: { left: 1 }, taken: [] };
  const data = { courseId: 'a\0', studentId: 's' };
  expect(() => takeSeat[face].decide(data, state)).toThrow(
    'The id of the stream that decide of TakeSeat emits "SeatTaken" to has a control character',
  );
});

test('an id from the command that is none is refused as it is read', () => {
  const postings = [{ account: '..', cents: 1 }];
  expect(() => postEntry[face].reads({ entryId: 'e', postings })).toThrow('must not be ".."');
});

test('a fold by tags over events without tags would never find them, and is refused', () => {
  expect(closings).toThrow('A fold reads "AccountClosed" by tags, but the event declares none');
});

function closings(): unknown {
  return fold({
    from: [account],
    tags: () => ['x'],
    initialState: 0,
    evolve: { AccountClosed: (count) => count + 1 },
  });
}

test('N1: a decision’s name begins with a capital', () => {
  const definition = {
    command: z.object({}),
    reads: () => ({}),
    emits: [account],
    decide: () => [],
  };
  expect(() => decision('postEntry', definition)).toThrow('A decision cannot be named "postEntry"');
});

test('a decision cannot emit an event whose stream is not known', () => {
  const twin = decider('twin', {
    events: { CourseOffered: courseOffered },
    commands: {},
    initialState: 0,
    evolve: { CourseOffered: () => 0 },
    decide: {},
  });
  const definition = {
    command: z.object({}),
    reads: () => ({}),
    emits: [course, twin],
    decide: () => [],
  };
  expect(() => decision('Emit', definition)).toThrow('both course and twin have it');
});
