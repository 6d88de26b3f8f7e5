/**
 * Two symbols that every definition carries.
 *
 * A definition has two sides: its types, for whoever writes and calls it, and its *face*, what the runtime works with, where all
 * data is `unknown`. The types are checked where a definition is written, so nothing is cast where it is run.
 */

/** Leads from a typed definition to what the runtime uses of it. */
export const face: unique symbol = Symbol.for('daybook.face');

/** Leads from a typed definition to its bag of types. It exists for the compiler only. */
export const types: unique symbol = Symbol.for('daybook.types');
