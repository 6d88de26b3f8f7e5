/** The application of the configuration file, in this process. */
import { subscribe, tokenOf, type AppFace, type EventQuery } from '@daybook/core';

import { loadConfig } from './find-config.ts';
import type { Target } from './target.ts';

export interface LocalOptions {
  readonly config: string | undefined;
  /** Fill read models here too, should no other process do it. */
  readonly processing: boolean;
}

export async function localTarget(options: LocalOptions): Promise<Target> {
  return targetOf(await startApp(options));
}

/** Starts the application of the configuration file. */
export async function startApp({ config, processing }: LocalOptions): Promise<AppFace> {
  const { app, store, readModels } = await loadConfig(config);
  const started = await app.start({
    store,
    processing,
    ...(readModels === undefined ? {} : { readModels }),
  });
  return started.face;
}

function targetOf(app: AppFace): Target {
  return {
    send: (message, { id, expectedRevision }) => app.send(message, { id, expectedRevision }),
    async query(question, { after, waitMs }) {
      // Whoever asks here sees what was written before, by any process.
      const token = after ?? (await headToken(app));
      return app.query(question, { after: token, waitMs });
    },
    async *tail({ after, last, types, tags, follow, signal }) {
      const query = eventQuery(types, tags);
      const from = after ?? (await placeBefore(app, query, last));
      const { position } = await app.events.head();
      let at = from;
      while (at < position && !signal.aborted) {
        const page = await app.readEvents({ ...query, after: at, upTo: position });
        if (page.events.length > 0) yield page.events;
        at = page.scannedTo.position;
      }
      if (!follow) return;
      for await (const page of subscribe(app.events, { ...query, after: at, signal })) {
        if (page.events.length > 0) yield page.events;
      }
    },
    health: () => app.health(),
    parked: (readModel) => app.parked(readModel),
    async repair(kind, readModel, key, reason) {
      await (kind === 'retry'
        ? app.retryParked(readModel, key, { reason })
        : app.skipParked(readModel, key, { reason }));
    },
    rebuild: (readModel) => app.rebuild(readModel),
    close: () => app.close(),
  };
}

async function headToken({ events }: AppFace): Promise<string> {
  const log = events.logOf([]);
  return tokenOf(events.epoch, log, await events.head(log));
}

/** After which position the last so many events lie. */
async function placeBefore({ events }: AppFace, query: QueryPart, count: number): Promise<number> {
  const head = await events.head();
  if (count === 0) return head.position;
  const page = await events.read({ ...query, backwards: true, limit: count });
  return page.events.length < count ? -1 : (page.events.at(-1)?.position ?? 0) - 1;
}

interface QueryPart {
  readonly query?: EventQuery;
}

function eventQuery(
  types: readonly string[] | undefined,
  tags: readonly string[] | undefined,
): QueryPart {
  if (types === undefined && tags === undefined) return {};
  return {
    query: {
      items: [
        { ...(types === undefined ? {} : { types }), ...(tags === undefined ? {} : { tags }) },
      ],
    },
  };
}
