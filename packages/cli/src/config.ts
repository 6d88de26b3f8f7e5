/** What `daybook.config.ts` says: which application, in which store. */
import type { AppFace, face, DaybookFaces, StartOptions, StoreAdapter } from '@daybook/core';
import type { HttpOptions } from '@daybook/server';

/** The default export of a `daybook.config.ts`. */
export interface DaybookConfig {
  /** What `daybook({ … })` gave. */
  readonly app: {
    start(options: StartOptions): Promise<{ readonly face: AppFace; close(): Promise<void> }>;
    readonly [face]: DaybookFaces;
  };
  /** Where events live, such as `sqlite('data/bank.db')`; a relative path is relative to the config file's folder. */
  readonly store: StoreAdapter;
  /** Where read models live, if not in `store`. */
  readonly readModels?: StoreAdapter | undefined;
  /** How `daybook dev` serves it. */
  readonly server?:
    | (HttpOptions & { readonly port?: number | undefined; readonly host?: string | undefined })
    | undefined;
}

/**
 * A configuration, checked by the compiler.
 *
 * ```ts
 * import { config } from '@daybook/cli/config';
 * import { sqlite } from '@daybook/sqlite';
 * import { bank } from './bank.ts';
 *
 * export default config({ app: bank, store: sqlite('data/bank.db') });
 * ```
 */
export function config(configuration: DaybookConfig): DaybookConfig {
  return configuration;
}
