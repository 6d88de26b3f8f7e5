/** Taking a row away. */
import { types } from '../message/face.ts';

/** What {@link remove} is; an object, for the compiler would widen a symbol that a handler without parameters returns. */
export interface Remove {
  readonly [types]: 'remove';
}

/** A handler returns it to take its row away. */
export const remove: Remove = Object.freeze({ [types]: 'remove' as const });

/** True for {@link remove}, also that of another copy of the package. */
export function isRemove(value: unknown): boolean {
  return typeof value === 'object' && value !== null && types in value && value[types] === 'remove';
}

/** What a fold of rows gives for a row that was taken away. */
export const removed: unique symbol = Symbol.for('daybook.removed');
