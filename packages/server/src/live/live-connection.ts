/**
 * One live connection: frames in, frames out (the protocol's `frames.ts` says which and when).
 *
 * What always holds:
 * - `hello` comes first, once, and in time; nothing is answered before.
 * - Each subscription and await is authorised by itself, as a query is.
 * - A frame is sent on for a subscription only when the one before has left this process, so a slow reader skips
 *   versions; whoever does not read at all is closed when `bufferedBytesMax` wait for him. No other connection notices.
 */
import {
  closeCodes,
  parseUpFrame,
  PROTOCOL_VERSION,
  type AskFrame,
  type AwaitFrame,
  type DownFrame,
  type HelloFrame,
  type SubFrame,
  type UpFrame,
  type WatchFrame,
} from '@daybook/protocol';
import { decodeToken } from '@daybook/core';
import type { RawData, WebSocket } from 'ws';

import { actorOf } from '../authentication.ts';
import type { Actor } from '../authorisation.ts';
import { authorise, authoriseHistory } from '../authorise.ts';
import type { Server } from '../call.ts';
import { HttpProblem, problemOf } from '../problem.ts';
import type { Exchange } from '../exchange.ts';
import { withForced } from '../request/forced-parameters.ts';
import type { AnswerTexts } from './answer-text.ts';
import { ownCommands } from './own-commands.ts';
import type { SharedQueries } from './shared-queries.ts';
import { watchStream } from './stream-watch.ts';
import { Subscription } from './subscription.ts';

export class LiveConnection {
  readonly #server: Server;
  readonly #shared: SharedQueries;
  readonly #texts: AnswerTexts;
  readonly #socket: WebSocket;
  readonly #handshake: Pick<Exchange, 'method' | 'path' | 'remoteAddress' | 'header'>;
  readonly #subscriptions = new Map<string, OpenSubscription>();
  readonly #closed = new AbortController();
  readonly #helloTimer: NodeJS.Timeout;
  #expiryTimer: NodeJS.Timeout | undefined;
  #awaits = 0;
  #actor: Promise<Actor | undefined> | undefined;
  #isAlive = true;

  constructor(
    server: Server,
    { shared, texts }: { readonly shared: SharedQueries; readonly texts: AnswerTexts },
    socket: WebSocket,
    handshake: Pick<Exchange, 'method' | 'path' | 'remoteAddress' | 'header'>,
  ) {
    this.#server = server;
    this.#shared = shared;
    this.#texts = texts;
    this.#socket = socket;
    this.#handshake = handshake;
    this.#helloTimer = setTimeout(
      () => this.#expectHello(),
      server.settings.limits.helloMs,
    ).unref();
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    // The code of a bad frame (too large, not UTF-8) is sent by `ws` itself.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#end());
  }

  /** Called at each heartbeat: asks for a sign of life, and ends a connection that gave none to the last. */
  beat(): void {
    if (!this.#isAlive) {
      this.#socket.terminate();
      return;
    }
    this.#isAlive = false;
    this.#socket.ping();
  }

  /** Says `bye` and closes; a caller who does not close in turn is cut off. */
  sayGoodbye(retryAfterMs: number): void {
    void this.#send({ type: 'bye', retryAfterMs });
    this.#close(closeCodes.goingAway, 'The server is stopping.');
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#isAlive = true;
    const parsed = isBinary
      ? { issues: [{ pointer: '', detail: 'is binary, and frames are text' }], id: undefined }
      : parseUpFrame(textOf(data));
    if (parsed.issues !== undefined) {
      const issues = parsed.issues.map(({ pointer, detail }) => ({
        path: pointer,
        message: detail,
      }));
      this.#fail(
        new HttpProblem('invalid-message', 'The frame is none that is known here.', issues),
        parsed.id,
      );
    } else if (parsed.frame.type === 'hello') {
      this.#welcome(parsed.frame);
    } else if (this.#actor === undefined) {
      this.#expectHello();
    } else {
      this.#take(parsed.frame, this.#actor);
    }
  }

  #take(frame: Exclude<UpFrame, HelloFrame>, actor: Promise<Actor | undefined>): void {
    switch (frame.type) {
      case 'sub':
        void this.#open(frame.id, (open) => this.#subscribe(frame, actor, open));
        break;
      case 'watch':
        void this.#open(frame.id, (open) => this.#watch(frame, actor, open));
        break;
      case 'unsub':
        this.#subscriptions.get(frame.id)?.ended.abort();
        break;
      case 'reach':
        this.#reach(frame.id, frame.token);
        break;
      case 'ask':
        void this.#ask(frame, actor);
        break;
      case 'await':
        void this.#await(frame, actor);
        break;
      case 'ping':
        void this.#send({ type: 'pong' });
        break;
    }
  }

  #welcome({ v, token }: HelloFrame): void {
    if (this.#actor !== undefined) {
      this.#fail(new HttpProblem('invalid-message', 'hello was said before.'));
      return;
    }
    if (v !== PROTOCOL_VERSION) {
      const detail = `This server speaks version ${PROTOCOL_VERSION} of the protocol, not ${v}.`;
      this.#fail(new HttpProblem('protocol-unsupported', detail));
      this.#close(closeCodes.versionUnsupported, detail);
      return;
    }
    clearTimeout(this.#helloTimer);
    this.#actor = actorOf(this.#server, this.#handshake, token);
    this.#actor.then(
      (actor) => this.#greet(actor, token),
      (error: unknown) => {
        this.#fail(error);
        this.#close(closeCodes.internal, 'Nobody could be authenticated now.');
      },
    );
  }

  /** A token that is nobody's is an error; no token may be enough for what follows. */
  #greet(actor: Actor | undefined, token: string | undefined): void {
    const { app, settings } = this.#server;
    if (actor === undefined && token !== undefined && settings.authenticate !== undefined) {
      this.#fail(
        new HttpProblem('unauthenticated', 'The token of hello is not one of anybody here.'),
      );
      this.#close(closeCodes.unauthenticated, 'The token is not known.');
      return;
    }
    if (actor?.expiresAt !== undefined) this.#expireAt(actor.expiresAt);
    const { limits } = settings;
    const { epoch } = app.events;
    void this.#send({
      type: 'welcome',
      v: PROTOCOL_VERSION,
      epoch,
      limits,
      heartbeatMs: limits.heartbeatMs,
    });
  }

  /** A client comes back with new credentials, and goes on from where it was. */
  #expireAt(expiresAt: number): void {
    const leftMs = expiresAt - Date.now();
    // A timer is at most 24 days long.
    this.#expiryTimer = setTimeout(
      () => {
        if (leftMs > TIMER_MS_MAX) this.#expireAt(expiresAt);
        else this.#close(closeCodes.unauthenticated, 'The credentials have expired.');
      },
      Math.min(Math.max(leftMs, 0), TIMER_MS_MAX),
    ).unref();
  }

  async #open(id: string, run: (open: OpenSubscription) => Promise<void>): Promise<void> {
    const max = this.#server.settings.limits.subscriptionsPerConnectionMax;
    if (this.#subscriptions.has(id)) {
      this.#fail(
        new HttpProblem('subscription-exists', `A subscription "${id}" is open; end it first.`),
        id,
      );
      return;
    }
    if (this.#subscriptions.size >= max) {
      this.#fail(
        new HttpProblem('too-many-subscriptions', `A connection has at most ${max} subscriptions.`),
        id,
      );
      return;
    }
    const open: OpenSubscription = { ended: new AbortController(), subscription: undefined };
    this.#subscriptions.set(id, open);
    try {
      await run(open);
    } catch (error) {
      if (!open.ended.signal.aborted) this.#fail(error, id);
    } finally {
      this.#subscriptions.delete(id);
    }
  }

  async #subscribe(
    { id, query, after, rows = false }: SubFrame,
    actor: Promise<Actor | undefined>,
    open: OpenSubscription,
  ): Promise<void> {
    const { app, settings } = this.#server;
    const { readModel, query: name, params = {} } = query;
    const asked = { kind: 'query', readModel, query: name, params, log: undefined } as const;
    const forced = await authorise(settings, await actor, asked);
    open.subscription = new Subscription({
      app,
      id,
      message: { kind: 'query', readModel, query: name, params: withForced(params, forced) },
      after,
      // Who asks with other parameters than were sent cannot run the query again.
      hasRows: rows && forced === undefined,
      shared: this.#shared,
      texts: this.#texts,
      signal: open.ended.signal,
      send: (frame) => this.#send(frame),
      sendText: (text) => this.#sendText(text),
    });
    await open.subscription.run();
  }

  async #watch(
    { id, stream }: WatchFrame,
    actor: Promise<Actor | undefined>,
    { ended: { signal } }: OpenSubscription,
  ): Promise<void> {
    const { app, settings } = this.#server;
    await authoriseHistory(settings, await actor, { kind: 'state', stream, log: undefined });
    await watchStream({ app, id, stream, signal, send: (frame) => this.#send(frame) });
  }

  #reach(id: string, token: string): void {
    try {
      decodeToken(token);
      this.#subscriptions.get(id)?.subscription?.reach(token);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #ask({ id, commands }: AskFrame, actor: Promise<Actor | undefined>): Promise<void> {
    try {
      const own = (await actor)?.id ?? null;
      const found = await ownCommands(this.#server.app, own, commands);
      void this.#send({ type: 'outcomes', id, commands: found });
    } catch (error) {
      this.#fail(error, id);
    }
  }

  async #await(
    { id, token, models, waitMs }: AwaitFrame,
    actor: Promise<Actor | undefined>,
  ): Promise<void> {
    const { app, settings } = this.#server;
    const max = settings.limits.awaitsPerConnectionMax;
    if (this.#awaits >= max) {
      this.#fail(
        new HttpProblem('too-many-awaits', `A connection has at most ${max} awaits at once.`),
        id,
      );
      return;
    }
    this.#awaits += 1;
    try {
      await authorise(settings, await actor, { kind: 'await', readModels: models });
      const found = await app.awaitToken([token], models, {
        waitMs: Math.min(waitMs ?? app.limits.waitMsMax, app.limits.waitMsMax),
        signal: this.#closed.signal,
      });
      void this.#send({
        type: 'ready',
        id,
        models: found.map(({ readModel, status, position }) => ({ readModel, status, position })),
      });
    } catch (error) {
      if (!this.#closed.signal.aborted) this.#fail(error, id);
    } finally {
      this.#awaits -= 1;
    }
  }

  #fail(error: unknown, id?: string): void {
    const { app, settings } = this.#server;
    const problem = problemOf(error, app.platform.newId, settings.onError);
    void this.#send(
      id === undefined ? { type: 'problem', problem } : { type: 'problem', id, problem },
    );
  }

  /** Resolves when the frame has left this process, or the connection is gone. */
  #send(frame: DownFrame): Promise<void> {
    return this.#sendText(JSON.stringify(frame));
  }

  #sendText(text: string): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    const { bufferedBytesMax } = this.#server.settings.limits;
    // One frame may be larger than the bound; a second one may not wait behind it.
    if (socket.bufferedAmount > bufferedBytesMax) {
      this.#close(closeCodes.overloaded, 'Too much is waiting to be read.');
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      socket.send(text, () => resolve());
    });
  }

  #expectHello(): void {
    this.#fail(new HttpProblem('invalid-message', 'The first frame must be hello.'));
    this.#close(closeCodes.helloExpected, 'The first frame must be hello.');
  }

  #close(code: number, reason: string): void {
    this.#end();
    this.#socket.close(code, reason);
    // Whoever does not read does not answer the closing either.
    setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref();
  }

  #end(): void {
    clearTimeout(this.#helloTimer);
    clearTimeout(this.#expiryTimer);
    this.#closed.abort();
    for (const { ended } of this.#subscriptions.values()) ended.abort();
  }
}

interface OpenSubscription {
  readonly ended: AbortController;
  /** Once it was allowed; a watched stream has none. */
  subscription: Subscription | undefined;
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}

/** How long a closing may take. */
const CLOSE_MS = 1_000;
const TIMER_MS_MAX = 2_000_000_000;
