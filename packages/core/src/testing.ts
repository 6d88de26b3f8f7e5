export { ContractError } from './testing/assert.ts';
export { applicable, type ApplicableRules, type ContractRule } from './testing/contract.ts';
export { eventStoreContract } from './testing/event-store-contract.ts';
export type { EventStoreFixture } from './testing/event-store/fixture.ts';
export { readModelStoreContract } from './testing/read-model-store-contract.ts';
export type { ReadModelStoreFixture } from './testing/read-model/fixture.ts';
export { ExpectationError } from './testing/expectation.ts';
export {
  given,
  type GivenDecider,
  type GivenDecision,
  type StreamEvents,
  type Then,
} from './testing/given.ts';
