/** The state of one stream as the server said it last: what commands are decided on before they are sent. */
import type { DownFrame, StateFrame, UpFrame, WelcomeFrame } from '@daybook/protocol';
import { ProblemError } from '../errors.ts';
import type { Channel, LiveConnection } from '../live-connection.ts';
import type { StreamState } from './predict.ts';

export class StreamBase implements Channel {
  /** Undefined until the server said it, and where it does not say it. */
  state: StreamState | undefined;
  /** The last position at which the server said that the stream had not begun; -1 where it never did. */
  absentUntil = -1;
  /** The connection is there and the state is the server's newest. */
  isLive = false;
  /** Why there is no state: it may not be seen, or cannot be sent. */
  error: Error | undefined;
  epoch: string | undefined;
  readonly #connection: LiveConnection;
  readonly #stream: string;
  readonly #changed: () => void;
  #id = '';
  #isReset = false;
  #isClosed = false;
  #problems = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: LiveConnection, stream: string, changed: () => void) {
    this.#connection = connection;
    this.#stream = stream;
    this.#changed = changed;
    connection.add((id) => {
      this.#id = id;
      return this;
    });
  }

  open(send: (frame: UpFrame) => void, { epoch }: WelcomeFrame): void {
    this.#isReset = this.epoch !== undefined && this.epoch !== epoch;
    if (this.#isReset) this.absentUntil = -1;
    this.epoch = epoch;
    send({ type: 'watch', id: this.#id, stream: this.#stream });
  }

  receive(frame: DownFrame): void {
    if (this.#isClosed) return;
    if (frame.type === 'state') this.#take(frame);
    if (frame.type !== 'problem') return;
    if (frame.problem.retryable) this.#askLater();
    else this.#fail(new ProblemError(frame.problem));
  }

  lost(): void {
    clearTimeout(this.#retryTimer);
    this.isLive = false;
    this.#tell();
  }

  fail(error: Error): void {
    this.#fail(error);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    this.#connection.send({ type: 'unsub', id: this.#id });
    this.#connection.remove(this.#id);
  }

  #take({ state, revision, position }: StateFrame): void {
    const isOlder = this.state !== undefined && revision < this.state.revision;
    if (isOlder && !this.#isReset) return;
    this.#isReset = false;
    this.#problems = 0;
    this.isLive = true;
    this.state = { state, revision, position };
    if (revision < 0) this.absentUntil = position;
    this.#tell();
  }

  #askLater(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      this.#id = this.#connection.renew(this.#id);
      this.#connection.send({ type: 'watch', id: this.#id, stream: this.#stream });
    }, this.#connection.delayMs(this.#problems));
    this.#problems += 1;
  }

  /** It stays known as failed, so that it is not asked for again with every command. */
  #fail(error: Error): void {
    this.#connection.remove(this.#id);
    this.error = error;
    this.isLive = false;
    this.state = undefined;
    this.#tell();
  }

  #tell(): void {
    if (!this.#isClosed) this.#changed();
  }
}
