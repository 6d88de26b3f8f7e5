/** The contract of the event-store port. */
import type { ContractRule } from './contract.ts';
import { appendRules } from './event-store/append-rules.ts';
import { conditionRules } from './event-store/condition-rules.ts';
import type { EventStoreFixture } from './event-store/fixture.ts';
import { groupRules } from './event-store/group-rules.ts';
import { importRules } from './event-store/import-rules.ts';
import { instantRules } from './event-store/instant-rules.ts';
import { outcomeRules } from './event-store/outcome-rules.ts';
import { placeRules } from './event-store/place-rules.ts';
import { readRules } from './event-store/read-rules.ts';
import { shapeRules } from './event-store/shape-rules.ts';
import { wakeRules } from './event-store/wake-rules.ts';

/**
 * Every rule of the event-store port, for `applicable` and a test runner of any kind.
 *
 * Each rule takes a fixture of its own, whose store is empty and which it does not clean up.
 */
export const eventStoreContract: readonly ContractRule<EventStoreFixture>[] = [
  ...placeRules,
  ...instantRules,
  ...appendRules,
  ...shapeRules,
  ...groupRules,
  ...outcomeRules,
  ...conditionRules,
  ...readRules,
  ...wakeRules,
  ...importRules,
];
