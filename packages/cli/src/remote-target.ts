/** An application on a server. */
import { setTimeout as delay } from 'node:timers/promises';

import { daybookClient, ProblemError, UnreachableError } from '@daybook/client';
import type { ParkedEntry } from '@daybook/core';

import { UsageError } from './exit-code.ts';
import type { HealthReport, Target } from './target.ts';

export interface RemoteOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function remoteTarget({ url, headers }: RemoteOptions): Target {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new UsageError(
      `"${url}" is not an address. Write it with its scheme, such as http://127.0.0.1:4680.`,
    );
  }
  const client = daybookClient(undefined, {
    url,
    headers: () => headers,
    timings: { attemptsMax: 6, retryForMs: 20_000 },
  });
  return {
    send: (message, options) => client.send(message, options),
    // A token or none: not being fresh is an answer either way.
    query: (question, { after, waitMs }) =>
      client.query(question, { after: after ?? [], ...(waitMs === undefined ? {} : { waitMs }) }),
    async *tail({ after, last, types, tags, follow, signal }) {
      const filter = { types, tags, signal };
      let at = after ?? Math.max(-1, (await client.events({ limit: 1, signal })).head - last);
      for (;;) {
        const page = await client.events({ ...filter, after: at });
        if (page.events.length > 0) yield page.events;
        at = Math.max(at, page.next);
        if (at < page.head) continue;
        if (!follow) return;
        await delay(POLL_MS, undefined, { signal });
      }
    },
    health: () => ask<HealthReport>('GET', 'health', undefined, [503]),
    parked: async (readModel) => {
      const search = readModel === undefined ? '' : `?readModel=${encodeURIComponent(readModel)}`;
      const { parked } = await ask<{ readonly parked: readonly ParkedEntry[] }>(
        'GET',
        `admin/parked${search}`,
      );
      return parked;
    },
    async repair(kind, readModel, key, reason) {
      const path = `admin/parked/${encodeURIComponent(readModel)}/${encodeURIComponent(key)}/${kind}`;
      await ask('POST', path, reason === undefined ? {} : { reason });
    },
    rebuild: (readModel) =>
      ask('POST', `admin/read-models/${encodeURIComponent(readModel)}/rebuild`, {}),
    async close() {
      client.close();
    },
  };

  async function ask<Body>(
    method: string,
    path: string,
    body?: unknown,
    alsoOk: readonly number[] = [],
  ): Promise<Body> {
    const response = await fetch(new URL(path, url.endsWith('/') ? url : `${url}/`), {
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ADMIN_TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new UnreachableError(url, { cause });
    });
    const answer = (await response.json()) as Body;
    if (response.ok || alsoOk.includes(response.status)) return answer;
    throw new ProblemError(answer as ConstructorParameters<typeof ProblemError>[0]);
  }
}

const POLL_MS = 300;
const ADMIN_TIMEOUT_MS = 30_000;
