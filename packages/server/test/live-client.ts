/** A WebSocket that hands out what it receives in order; nothing is polled. */
import {
  checkSchema,
  parseDownFrame,
  PROTOCOL_VERSION,
  schemas,
  type DownFrame,
  type UpFrame,
} from '@daybook/protocol';
import { WebSocket, type ClientOptions } from 'ws';

export class LiveClient {
  readonly socket: WebSocket;
  readonly #frames: DownFrame[] = [];
  readonly #waiting: ((frame: DownFrame) => void)[] = [];
  /** The code that the connection was closed with. */
  readonly closed: Promise<number>;

  constructor(url: string, options: ClientOptions = {}) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/live`, options);
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code) => resolve(code));
    });
    this.socket.on('message', (data) => {
      const frame = checkedFrame((data as Buffer).toString('utf8'));
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#frames.push(frame);
      else waiting(frame);
    });
    this.socket.on('error', () => undefined);
  }

  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
  }

  /** Opens and says hello. */
  static async welcomed(url: string, token?: string): Promise<LiveClient> {
    const client = new LiveClient(url);
    await client.opened();
    client.send({ type: 'hello', v: PROTOCOL_VERSION, ...(token === undefined ? {} : { token }) });
    await client.next('welcome');
    return client;
  }

  send(frame: UpFrame | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The next frame, which must be of this type. */
  async next<Type extends DownFrame['type']>(
    type: Type,
  ): Promise<Extract<DownFrame, { type: Type }>> {
    const frame =
      this.#frames.shift() ??
      (await new Promise<DownFrame>((resolve) => this.#waiting.push(resolve)));
    if (frame.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(frame)}`);
    return frame as Extract<DownFrame, { type: Type }>;
  }
}

/** Every frame of every test is held to its schema. */
function checkedFrame(text: string): DownFrame {
  const frame = parseDownFrame(text);
  if (frame === undefined) throw new Error(`no frame: ${text}`);
  const name = `${frame.type.charAt(0).toUpperCase()}${frame.type.slice(1)}Frame`;
  const issues = checkSchema(schemas[name] ?? { type: 'nothing' }, frame, schemas);
  if (issues.length > 0) throw new Error(`${text} breaks ${name}: ${JSON.stringify(issues)}`);
  return frame;
}
