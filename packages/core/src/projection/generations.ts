/**
 * Which generation of a read model this code fills and which one it asks (RULES P4).
 *
 * A generation belongs to one fingerprint: code of another version neither fills nor reads it. So an old process goes on
 * with its own generation while a new one builds beside it, and none is ever asked with the wrong shape in mind.
 */
import { canonicalJson, type Json } from '../message/json.ts';
import { jsonSchemaOf } from '../message/json-schema.ts';
import type { Sha256 } from '../store/log-place.ts';
import type { GenerationInfo, ReadModelLayout } from './read-model-store.ts';
import type { ReadModelFace } from './read-model-face.ts';

/** What the store keeps of a definition; functions cannot be compared, so a change of them is told by `version`. */
export function layoutOf(readModel: ReadModelFace, sha256: Sha256): ReadModelLayout {
  const { name, version, indexes, types, events, hasDefaultKey } = readModel;
  const rowSchema: Json | undefined = jsonSchemaOf(readModel.row.schema);
  const content = {
    name,
    version,
    indexes,
    types: types.toSorted(),
    events: [...events.keys()].toSorted(),
    hasDefaultKey,
    rowSchema,
  };
  return {
    readModel: name,
    version,
    fingerprint: sha256(canonicalJson(content)).slice(0, FINGERPRINT_DIGITS),
    indexes,
    ...(rowSchema === undefined ? {} : { rowSchema }),
  };
}

/** The generation that answers queries: the active one, or the one that was before other code took over; else what there is. */
export function generationToAsk(
  generations: readonly GenerationInfo[],
  fingerprint: string,
): GenerationInfo | undefined {
  const own = generations
    .filter((generation) => generation.fingerprint === fingerprint)
    .toReversed();
  const inState = (state: GenerationInfo['state']): GenerationInfo | undefined =>
    own.find((generation) => generation.state === state);
  return inState('active') ?? inState('lost') ?? inState('retired') ?? inState('building');
}

/** The generations that this code fills: all of its own that are not lost, but for retired ones that it replaced itself. */
export function generationsToFill(
  generations: readonly GenerationInfo[],
  fingerprint: string,
): readonly GenerationInfo[] {
  const own = generations.filter((generation) => generation.fingerprint === fingerprint);
  const hasActive = own.some(({ state }) => state === 'active');
  return own.filter(
    ({ state }) =>
      state === 'active' || state === 'building' || (state === 'retired' && !hasActive),
  );
}

const FINGERPRINT_DIGITS = 32;
