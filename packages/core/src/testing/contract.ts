/**
 * Contracts as data: the rules that a store obeys, each with what it needs and how it is attacked.
 *
 * A test runner of any kind takes {@link applicable} rules and runs each with a fixture of its own, made for that rule
 * alone. A rule holds when `run` resolves.
 */

/** One rule of a port. */
export interface ContractRule<Fixture> {
  /** Number in the rules, such as `L3`. */
  readonly rule: string;
  /** A sentence about behaviour. */
  readonly name: string;
  /**
   * Capabilities without which the rule says nothing: a name (`severalStreams`), or a name and its value
   * (`logs=one`).
   */
  readonly needs: readonly string[];
  /**
   * Attacks a new, empty store, and closes what it opened.
   *
   * @throws when the rule does not hold, with a sentence that says what happened instead.
   */
  run(fixture: Fixture): Promise<void>;
}

/** Rules that a store can be held to, and the others, which a report lists. */
export interface ApplicableRules<Fixture> {
  readonly runnable: readonly ContractRule<Fixture>[];
  readonly notApplicable: readonly ContractRule<Fixture>[];
}

/** @param capabilities the store's own, and `clock: true` where the fixture can set its clock. */
export function applicable<Fixture>(
  rules: readonly ContractRule<Fixture>[],
  capabilities: object,
): ApplicableRules<Fixture> {
  const given = new Map<string, unknown>(Object.entries(capabilities));
  const isGiven = (need: string): boolean => {
    const [name = '', value = 'true'] = need.split('=');
    return String(given.get(name)) === value;
  };
  const runnable = rules.filter((rule) => rule.needs.every(isGiven));
  return { runnable, notApplicable: rules.filter((rule) => !runnable.includes(rule)) };
}

interface Closable {
  close(): Promise<void>;
}

/** Runs `work` with an `open` whose results are all closed afterwards, whatever happens. */
export async function closingAll<Store extends Closable>(
  open: () => Promise<Store>,
  work: (open: () => Promise<Store>) => Promise<void>,
): Promise<void> {
  const opened: Store[] = [];
  try {
    await work(async () => {
      const store = await open();
      opened.push(store);
      return store;
    });
  } finally {
    for (const store of opened) await store.close();
  }
}
