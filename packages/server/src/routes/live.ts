import type { Reply } from '../exchange.ts';
import { HttpProblem } from '../problem.ts';

/** `GET /live` that is no WebSocket handshake: handshakes do not come this way. */
export function upgradeRequired(): Promise<Reply> {
  return Promise.reject(
    new HttpProblem(
      'upgrade-required',
      'This path is a WebSocket: connect with ws: or wss:, and say hello.',
      [],
      ['upgrade', 'websocket', 'connection', 'upgrade'],
    ),
  );
}
