/**
 * Where types are given to what runs without them: the one cast of the application.
 *
 * It is sound because every definition was checked against its types where it was written, and everything that comes in is
 * validated by the definition's schemas.
 */
import { NotFreshError, UnsupportedCapabilityError } from '../errors.ts';
import { streamName } from '../message/names.ts';
import type { QueryMessage } from '../message/command.ts';
import type { StateAt } from '../handling/state.ts';
import type { QueryAnswer } from '../query/answer.ts';
import type { App, DaybookTypes, QueryAfterOptions, QueryNowOptions } from './app.ts';
import type { AppFace } from './app-face.ts';

/** The typed application over its face. */
export function appOf<Types extends DaybookTypes>(face: AppFace): App<Types> {
  const app = {
    face,
    send: face.send.bind(face),
    query: (question: QueryMessage, options?: QueryAfterOptions | QueryNowOptions) =>
      ask(face, question, options),
    async history(
      decider: { readonly name: string },
      id: string,
      options?: { readonly from?: number; readonly limit?: number },
    ) {
      const page = await face.readStream(streamName(decider.name, id), options);
      return { events: page.events, next: page.next };
    },
    state: (decider: { readonly name: string }, id: string, at?: StateAt) =>
      face.stateOf(streamName(decider.name, id), at),
    close: () => face.close(),
  };
  return app as unknown as App<Types>;
}

async function ask(
  face: AppFace,
  question: QueryMessage,
  options: QueryAfterOptions | QueryNowOptions = {},
): Promise<QueryAnswer> {
  if ('at' in options && options.at !== undefined) {
    throw new UnsupportedCapabilityError(
      'query-at',
      'Queries cannot be asked of the past yet; `app.state(decider, id, { at })` can.',
    );
  }
  const answer = await face.query(question, options);
  if (options.after !== undefined || answer.status === 'fresh') return answer;
  throw new NotFreshError(answer.status, question.readModel, answer.position, answer.why);
}
