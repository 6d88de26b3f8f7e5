/**
 * The log as server-sent events: pages, read one after the other, and at the head a wait for the next append.
 *
 * A page is read only when the one before has been taken, so a slow reader costs one page. Only the last event of an
 * append carries an `id`: a reader that comes back with `Last-Event-ID` never stands inside an append (rule L3), and may
 * be given the events of a cut append again.
 */
import { POLL_MS, type ReadOptions, type RecordedEvent } from '@daybook/core';
import { mediaTypes } from '@daybook/protocol';

import type { Call } from './call.ts';
import type { Reply } from './exchange.ts';
import { HttpProblem } from './problem.ts';
import { Pulse } from './pulse.ts';

/** The answer that stays open until the caller goes or the server drains. @throws {@link HttpProblem} */
export function eventStream(call: Call, options: ReadOptions): Reply {
  const resumed = lastEventId(call);
  const from = resumed === undefined ? options : { ...options, after: resumed };
  return {
    status: 200,
    headers: eventStreamHeaders,
    body: call.exchange.method === 'HEAD' ? '' : new Tail(call).read(from),
  };
}

/** One reader at the end of the log; counted from the beginning, also if nobody ever takes a part of it. */
class Tail {
  readonly #call: Call;
  readonly #pulse = new Pulse();
  readonly #release: () => void;
  #isEnded = false;

  constructor(call: Call) {
    this.#call = call;
    this.#release = call.server.connections.add(() => this.#end());
    const { signal } = call.exchange;
    if (signal.aborted) this.#end();
    else signal.addEventListener('abort', () => this.#end(), { once: true });
  }

  async *read(options: ReadOptions): AsyncGenerator<string, void> {
    const { app, settings } = this.#call.server;
    const { heartbeatMs } = settings.limits;
    const ignore = app.events.onAppended(() => this.#pulse.beat());
    try {
      yield ': open\n\n';
      let { after } = options;
      let quietSince = app.platform.now();
      while (!this.#isEnded) {
        const page = await app.readEvents(after === undefined ? options : { ...options, after });
        const text = page.events.map(toMessage).join('');
        if (text !== '' || app.platform.now() - quietSince >= heartbeatMs) {
          yield text === '' ? ': beat\n\n' : text;
          quietSince = app.platform.now();
        }
        after = page.scannedTo;
        if (page.scannedTo.position >= page.head.position)
          await this.#pulse.wait(Math.min(POLL_MS, heartbeatMs));
      }
    } finally {
      ignore();
      this.#release();
    }
  }

  #end(): void {
    this.#isEnded = true;
    this.#pulse.beat();
    this.#release();
  }
}

const eventStreamHeaders: readonly string[] = [
  'content-type',
  mediaTypes.eventStream,
  'cache-control',
  'no-cache, no-transform',
  'x-accel-buffering',
  'no',
  'x-content-type-options',
  'nosniff',
];

function toMessage(event: RecordedEvent<string, unknown>): string {
  const id = event.position === event.commit ? `id: ${event.position}\n` : '';
  return `${id}data: ${JSON.stringify(event)}\n\n`;
}

function lastEventId({ exchange }: Call): number | undefined {
  const header = exchange.header('last-event-id');
  if (header === undefined || header === '') return undefined;
  if (/^\d{1,16}$/.test(header) && Number.isSafeInteger(Number(header))) return Number(header);
  throw new HttpProblem(
    'invalid-request',
    'Last-Event-ID must be the id of an event of this stream.',
  );
}
