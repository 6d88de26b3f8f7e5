/** The contract of the read-model-store port, leases included. */
import type { ContractRule } from './contract.ts';
import { commitRules } from './read-model/commit-rules.ts';
import { findRules } from './read-model/find-rules.ts';
import type { ReadModelStoreFixture } from './read-model/fixture.ts';
import { generationRules } from './read-model/generation-rules.ts';
import { leaseRules } from './read-model/lease-rules.ts';
import { parkRules } from './read-model/park-rules.ts';
import { viewRules } from './read-model/view-rules.ts';

/**
 * Every rule of the read-model-store port, for `applicable` and a test runner of any kind.
 *
 * Each rule takes a fixture of its own, whose store is empty and which it does not clean up.
 */
export const readModelStoreContract: readonly ContractRule<ReadModelStoreFixture>[] = [
  ...generationRules,
  ...commitRules,
  ...parkRules,
  ...viewRules,
  ...findRules,
  ...leaseRules,
];
