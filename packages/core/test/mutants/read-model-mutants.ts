/** Every faulty read-model store. */
import type { ReadModelMutant } from './read-model-mutant.ts';
import { storeMutants } from './read-model-store-mutants.ts';
import { viewMutants } from './read-model-view-mutants.ts';

export const readModelMutants: readonly ReadModelMutant[] = [...storeMutants, ...viewMutants];
