/** Health, measured against the head of the log and not against a projector's own mark. */
import { generationToAsk } from '../projection/generations.ts';
import type { Projector } from '../projection/projector.ts';
import type { GenerationInfo, ReadModelStore } from '../projection/read-model-store.ts';
import type { DefinedReadModel } from '../query/read-model-view.ts';
import type { EventStore } from '../store/event-store.ts';
import { LOG_START, type LogPlace, type Platform } from '../store/log-place.ts';
import type { Health, ReadModelHealth } from './app-face.ts';

export interface HealthParts {
  readonly events: EventStore;
  readonly readModels: ReadModelStore;
  readonly definitions: ReadonlyMap<string, DefinedReadModel>;
  /** Absent where other processes fill the read models. */
  readonly projector: Projector | undefined;
  readonly platform: Platform;
}

export async function healthOf(parts: HealthParts): Promise<Health> {
  const { events, readModels, definitions } = parts;
  const heads = new Map<string, LogPlace>();
  for (const log of await events.logs()) heads.set(log, await events.head(log));
  const found: ReadModelHealth[] = [];
  for (const defined of definitions.values()) {
    const generations = await readModels.list(defined.readModel.name);
    const info = generationToAsk(generations, defined.layout.fingerprint);
    found.push(
      info === undefined
        ? missing(defined.readModel.name, heads)
        : await readModelHealth(parts, info, heads),
    );
  }
  return {
    status: statusOf(found),
    logs: [...heads].map(([log, { position, mark }]) => ({ log, head: position, mark })),
    readModels: found,
  };
}

async function readModelHealth(
  { events, readModels, projector, platform }: HealthParts,
  info: GenerationInfo,
  heads: ReadonlyMap<string, LogPlace>,
): Promise<ReadModelHealth> {
  let lagEvents = 0;
  let lagSeconds = 0;
  let position = -1;
  for (const [log, head] of heads) {
    const at = info.checkpoints.get(log) ?? LOG_START;
    position = Math.max(position, at.position);
    if (at.position >= head.position) continue;
    lagEvents += head.position - at.position;
    const { events: next } = await events.read({ after: at.position, log, limit: 1 });
    const since = next[0] === undefined ? 0 : (platform.now() - next[0].recordedAt) / 1_000;
    lagSeconds = Math.max(lagSeconds, since);
  }
  const run = projector?.stateOf(info) ?? { processor: 'idle' as const };
  const error = run.error === undefined ? await parkedError(readModels, info) : describe(run.error);
  const { readModel: name, generation, state, parkedCount } = info;
  return {
    name,
    generation,
    state,
    processor: run.processor,
    position,
    lagEvents,
    lagSeconds,
    parkedCount,
    ...(error === undefined ? {} : { error }),
  };
}

async function parkedError(
  readModels: ReadModelStore,
  info: GenerationInfo,
): Promise<ReadModelHealth['error']> {
  if (info.parkedCount === 0) return undefined;
  const { value } = await readModels.view(info, (rows) => rows.parked());
  const [oldest] = value.toSorted((left, right) => left.since - right.since);
  return oldest?.error;
}

function describe(error: Error): { readonly code: string; readonly message: string } {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'unexpected';
  return { code, message: error.message };
}

function missing(name: string, heads: ReadonlyMap<string, LogPlace>): ReadModelHealth {
  let lagEvents = 0;
  for (const { position } of heads.values()) lagEvents += position + 1;
  return {
    name,
    generation: null,
    state: 'missing',
    processor: 'idle',
    position: -1,
    lagEvents,
    lagSeconds: 0,
    parkedCount: 0,
  };
}

function statusOf(readModels: readonly ReadModelHealth[]): Health['status'] {
  const isFailing = readModels.some(
    ({ state, processor, parkedCount, error, lagSeconds }) =>
      state === 'lost' ||
      processor === 'stopped' ||
      parkedCount > 0 ||
      error !== undefined ||
      (state !== 'building' && lagSeconds > LAG_SECONDS_MAX),
  );
  if (isFailing) return 'failing';
  return readModels.some(({ state }) => state === 'building' || state === 'missing')
    ? 'starting'
    : 'ok';
}

/** A read model that answers queries and is further behind than this is failing, whoever fills it. */
export const LAG_SECONDS_MAX = 10;
