/**
 * Types for maps of handlers.
 *
 * A map is captured as a type parameter of its own, so that what its handlers return stays as literal as it was written; these
 * types then stand beside it and mark the members that are wrong. TypeScript alone does not check inferred returns for extra
 * properties, nor captured maps for extra members.
 */

/** Stands where a handler, or a property that it returns, was not declared. */
export interface NotDeclared<Name> {
  readonly notDeclared: Name;
}

/** All members of a union at once; where a key stands in several, its types are met by all. */
export type Together<Union> = (Union extends unknown ? (member: Union) => void : never) extends (
  together: infer All,
) => void
  ? All
  : never;

/** The keys of every member of a union; lists have none that anybody writes. */
export type KeysOf<Value> = Value extends readonly unknown[] ? never : keyof Value;

/** What a handler returns. */
export type Returned<Handler> = Handler extends (...parameters: never) => infer Result
  ? Result
  : never;

/** Adds nothing to handlers of declared names. */
export type ExactNames<Handlers, Names> = NoInfer<{
  readonly [K in keyof Handlers]: K extends Names ? unknown : NotDeclared<K>;
}>;

/**
 * Adds nothing to handlers of declared names that return `Value` without properties of their own invention.
 *
 * The form is what the compiler is quick with: the return is inferred once, and nothing is inferred from this type.
 */
export type ExactReturns<Handlers, Names, Value> = NoInfer<{
  readonly [K in keyof Handlers]: K extends Names
    ? Handlers[K] extends (...parameters: never) => infer Result
      ? [KeysOf<Result>] extends [KeysOf<Value>]
        ? unknown
        : NotDeclared<Exclude<KeysOf<Result>, KeysOf<Value>>>
      : unknown
    : NotDeclared<K>;
}>;

/** A handler to the runtime: a method, so that a handler of any parameters fits. */
export type AnyHandler = { handle(...parameters: readonly unknown[]): unknown }['handle'];
