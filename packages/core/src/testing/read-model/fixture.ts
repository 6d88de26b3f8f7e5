/** What the rules of the read-model-store port are run with, and the few words that they share. */
import type { Json } from '../../message/json.ts';
import type { Lease } from '../../processing/lease.ts';
import type {
  Checkpoint,
  GenerationInfo,
  GenerationRef,
  ParkedKey,
  ReadModelCommit,
  ReadModelLayout,
  ReadModelStore,
  RowChange,
  StoredRow,
} from '../../projection/read-model-store.ts';
import type { LogPlace } from '../../store/log-place.ts';
import { assertDefined, assertEqual, assertRejects } from '../assert.ts';
import { closingAll, type ContractRule } from '../contract.ts';

/** One store, empty at first. */
export interface ReadModelStoreFixture {
  /** Opens the store, again if it is open, as another process would; closing one opening does not close another. */
  open(): Promise<ReadModelStore>;
  /** Sets the store's clock, in milliseconds since 1970; for the rules that need `clock`. */
  setNow?(ms: number): void;
}

/** A rule whose store and further openings are closed when it ends. */
export function readModelRule(
  rule: string,
  name: string,
  needs: readonly string[],
  attack: (store: ReadModelStore, tools: Required<ReadModelStoreFixture>) => Promise<void>,
): ContractRule<ReadModelStoreFixture> {
  return {
    rule,
    name,
    needs,
    run: (fixture) =>
      closingAll(
        () => fixture.open(),
        async (open) => {
          await attack(await open(), { open, setNow: (ms) => fixture.setNow?.(ms) });
        },
      ),
  };
}

export const ATOMIC: readonly string[] = ['atomicCheckpoint', 'readAfterWrite'];

export const MINUTE_MS = 60_000;

export function layoutOf(readModel: string, version = 1): ReadModelLayout {
  return {
    readModel,
    version,
    fingerprint: `${readModel}-v${version}`,
    indexes: [['owner'], ['cents']],
  };
}

/** A lease that nobody else asks for. */
export async function takeLease(
  store: ReadModelStore,
  name = 'projector',
  owner = 'me',
): Promise<Lease> {
  return assertDefined(await store.leases.acquire(name, owner, MINUTE_MS), `The lease "${name}"`);
}

/** The checkpoint at a position, with a mark that only this position has. */
export function placeAt(position: number): Checkpoint {
  return { epoch: 'epoch-1', position, mark: position.toString(16).padStart(16, '0') };
}

export function rowOf(key: string, cents: number, asOf: number): RowChange {
  return { key, row: { owner: `owner of ${key}`, cents }, asOf };
}

export function parkedAt(key: string, position: number, log = 'main'): ParkedKey {
  const error = { code: 'projection-failed', message: `failed on ${position}` };
  return { key, log, parkedAt: position, error, since: 1_000 };
}

/** One read model that is being filled. */
export interface Filling {
  readonly ref: GenerationRef;
  readonly lease: Lease;
  /** The commit that goes on from where the last one ended. */
  next(to: number, rows: readonly RowChange[], more?: Partial<ReadModelCommit>): ReadModelCommit;
  /** Commits it. */
  commit(to: number, rows: readonly RowChange[], more?: Partial<ReadModelCommit>): Promise<void>;
}

/** Creates a generation and gives what fills it. */
export async function filling(
  store: ReadModelStore,
  layout: ReadModelLayout = layoutOf('balances'),
  given?: Lease,
): Promise<Filling> {
  const { readModel, generation } = await store.create(layout);
  const lease = given ?? (await takeLease(store));
  const reached = new Map<string, LogPlace>();
  const next: Filling['next'] = (to, rows, more = {}) => {
    const log = more.log ?? 'main';
    const from = reached.get(log) ?? null;
    return {
      readModel,
      generation,
      log,
      lease,
      from,
      to: placeAt(to),
      rows,
      parked: [],
      freed: [],
      ...more,
    };
  };
  return {
    ref: { readModel, generation },
    lease,
    next,
    async commit(to, rows, more) {
      const commit = next(to, rows, more);
      await store.commit([commit]);
      reached.set(commit.log, commit.to);
    },
  };
}

export async function infoOf(store: ReadModelStore, ref: GenerationRef): Promise<GenerationInfo> {
  const found = (await store.list(ref.readModel)).find(
    ({ generation }) => generation === ref.generation,
  );
  return assertDefined(found, `Generation ${ref.generation} of "${ref.readModel}"`);
}

/** The rows of some keys, as JSON; null where there is none. */
export async function getRows(
  store: ReadModelStore,
  ref: GenerationRef,
  keys: readonly string[],
): Promise<readonly (Json | undefined)[]> {
  const { value } = await store.view(ref, (rows) => rows.get(keys));
  return value.map((stored) => stored?.row);
}

/** Every row in order of key, with what the view says of itself. */
export async function contentOf(
  store: ReadModelStore,
  ref: GenerationRef,
): Promise<{ readonly rows: readonly StoredRow[]; readonly [name: string]: unknown }> {
  const plan = {
    index: [],
    equals: [],
    range: undefined,
    direction: 'asc',
    limit: 1_000,
    after: undefined,
  } as const;
  const view = await store.view(ref, async (rows) => ({
    rows: await rows.find(plan),
    parked: await rows.parked(),
  }));
  const { value, state, checkpoints, parkedCount } = view;
  return { ...value, state, checkpoints: [...checkpoints], parkedCount };
}

/** Fails unless `work` is refused with this code and leaves every generation as it was. */
export async function assertUntouched(
  store: ReadModelStore,
  code: string,
  work: () => Promise<unknown>,
  what: string,
): Promise<void> {
  const before = await everything(store);
  await assertRejects(code, work, what);
  assertEqual(await everything(store), before, `The store after ${what} was refused`);
}

async function everything(store: ReadModelStore): Promise<readonly object[]> {
  const content: object[] = [];
  for (const { checkpoints, ...info } of await store.list()) {
    content.push({ ...info, checkpoints: [...checkpoints], content: await contentOf(store, info) });
  }
  return content;
}
