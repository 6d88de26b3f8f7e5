/** Every faulty event store. */
import { appendMutants } from './event-store-append-mutants.ts';
import { contentMutants } from './event-store-content-mutants.ts';
import type { EventStoreMutant } from './event-store-mutant.ts';
import { readMutants } from './event-store-read-mutants.ts';

export const eventStoreMutants: readonly EventStoreMutant[] = [
  ...appendMutants,
  ...readMutants,
  ...contentMutants,
];
