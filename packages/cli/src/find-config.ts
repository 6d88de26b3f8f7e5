/** The configuration file: found from here upwards, and loaded as a module. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { DaybookConfig } from './config.ts';
import { UsageError } from './exit-code.ts';

/**
 * Loads the configuration, and makes its folder the working directory: relative paths in it mean the same from anywhere.
 *
 * @param given as `--config` says; otherwise the nearest one is taken, from the working directory upwards.
 * @throws {@link UsageError}
 */
export async function loadConfig(given: string | undefined): Promise<DaybookConfig> {
  const file = given === undefined ? findConfig(process.cwd()) : resolve(given);
  if (!existsSync(file))
    throw new UsageError(`There is no ${file}. Give --config the path of a daybook.config.ts.`);
  process.chdir(dirname(file));
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${file} cannot be loaded: ${why}`, { cause });
  }
  const loaded = module.default;
  if (isConfig(loaded)) return loaded;
  throw new UsageError(
    `${file} has no configuration as its default export. Write: export default config({ app: bank, store: sqlite('data/bank.db') });`,
  );
}

function findConfig(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = CONFIG_NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));
    if (found !== undefined) return found;
    if (folder === dirname(folder)) {
      throw new UsageError(
        `There is no ${CONFIG_NAMES[0]} in ${from} or above it. Create one, name it with --config, or talk to a server with --url.`,
      );
    }
  }
}

function isConfig(value: unknown): value is DaybookConfig {
  return (
    typeof value === 'object' &&
    value !== null &&
    'app' in value &&
    hasFunction(value.app, 'start') &&
    'store' in value &&
    hasFunction(value.store, 'open')
  );
}

function hasFunction(value: unknown, name: string): boolean {
  return (
    typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
  );
}

const CONFIG_NAMES = ['daybook.config.ts', 'daybook.config.js', 'daybook.config.mjs'] as const;
