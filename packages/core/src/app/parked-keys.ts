/** Parked keys, and their repairs, as a person sees and asks for them. */
import { InvalidMessageError, NotParkedError, UnknownQueryError } from '../errors.ts';
import type { ParkedKey, ReadModelStore } from '../projection/read-model-store.ts';
import { repairEvents, repairsStream, type Repair } from '../projection/repairs.ts';
import type { DefinedReadModel } from '../query/read-model-view.ts';
import type { EventStore } from '../store/event-store.ts';
import { tokenOf } from '../store/token.ts';
import type { Operator, ParkedEntry, RepairAnswer } from './app-face.ts';

/** Parked keys of one read model, or of all. @throws {@link UnknownQueryError} */
export async function parkedEntries(
  readModels: ReadModelStore,
  definitions: ReadonlyMap<string, DefinedReadModel>,
  name: string | undefined,
): Promise<readonly ParkedEntry[]> {
  const asked = name === undefined ? [...definitions.values()] : [definedOf(definitions, name)];
  const entries: ParkedEntry[] = [];
  for (const { readModel, layout } of asked) {
    for (const info of await readModels.list(readModel.name)) {
      if (info.fingerprint !== layout.fingerprint || info.parkedCount === 0) continue;
      const { value } = await readModels.view(info, (rows) => rows.parked());
      const { generation } = info;
      entries.push(...value.map((entry) => ({ ...entry, readModel: readModel.name, generation })));
    }
  }
  return entries;
}

/** Records a repair in the log, for whoever fills the read model. @throws {@link NotParkedError} {@link UnknownQueryError} */
export async function repair(
  { events, readModels, definitions, newId }: RepairParts,
  kind: Repair['kind'],
  readModel: string,
  key: string,
  by: Operator = {},
): Promise<RepairAnswer> {
  const entries = await parkedEntries(readModels, definitions, readModel);
  const entry = entries.find((parked) => parked.key === key);
  if (entry === undefined) throw new NotParkedError(readModel, key);
  const { version } = definedOf(definitions, readModel).readModel;
  const stream = repairsStream(readModel);
  const appended = await events.append({
    id: newId(),
    log: entry.log,
    streams: [{ stream, expected: 'any', events: eventsOf(kind, entry, version, newId, by) }],
  });
  return { token: tokenOf(events.epoch, appended.log, appended.head) };
}

export interface RepairParts {
  readonly events: EventStore;
  readonly readModels: ReadModelStore;
  readonly definitions: ReadonlyMap<string, DefinedReadModel>;
  readonly newId: () => string;
}

export function definedOf(
  definitions: ReadonlyMap<string, DefinedReadModel>,
  name: string,
): DefinedReadModel {
  const defined = definitions.get(name);
  if (defined === undefined) throw new UnknownQueryError(name);
  return defined;
}

function eventsOf(
  kind: Repair['kind'],
  { key, parkedAt }: ParkedKey,
  version: number,
  newId: () => string,
  { actor, reason }: Operator,
): ReturnType<typeof repairEvents> {
  if (actor === '') throw new InvalidMessageError('An actor is not empty');
  const metadata = {
    ...(actor === undefined ? {} : { actor }),
    ...(reason === undefined ? {} : { reason }),
  };
  return repairEvents(
    { kind, key, position: kind === 'skip' ? parkedAt : -1 },
    version,
    newId,
    metadata,
  );
}
