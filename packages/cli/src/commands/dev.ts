/** `daybook dev`: the application over HTTP, on this machine. */
import { httpHandler } from '@daybook/server';
import pc from 'picocolors';

import { exitCodes } from '../exit-code.ts';
import { loadConfig } from '../find-config.ts';
import { outputOf } from '../output.ts';
import { interruption, type GlobalOptions } from '../run.ts';
import { refuseUrl } from './export.ts';

export interface DevOptions extends GlobalOptions {
  readonly port?: number;
  readonly host?: string;
  readonly public?: boolean;
}

/** Serves until SIGINT or SIGTERM, then finishes what is in flight. */
export async function dev(options: DevOptions): Promise<number> {
  refuseUrl(options, 'dev');
  const { app: definitions, store, readModels, server = {} } = await loadConfig(options.config);
  const { signal, release } = interruption();
  const app = await definitions.start({
    store,
    ...(readModels === undefined ? {} : { readModels }),
  });
  try {
    const { port, host, ...http } = server;
    const isPublic = options.public === true ? { public: true } : {};
    const handler = httpHandler(app, { mode: 'development', ...http, ...isPublic });
    const listening = await handler.listen({
      port: options.port ?? port,
      host: options.host ?? host,
    });
    const { url } = listening;
    await outputOf(options.json === true).result({ url }, greeting(url, app.face.faces));
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await listening.close();
    return exitCodes.ok;
  } finally {
    release();
    await app.close();
  }
}

interface Names {
  readonly deciders: ReadonlyMap<string, { readonly commands: ReadonlyMap<string, unknown> }>;
  readonly readModels: ReadonlyMap<string, { readonly queries: ReadonlyMap<string, unknown> }>;
}

function greeting(url: string, { deciders, readModels }: Names): string {
  const commands = [...deciders].flatMap(([name, { commands: own }]) =>
    [...own.keys()].map((command) => `${name}/{id}/${command}`),
  );
  const queries = [...readModels].flatMap(([name, { queries: own }]) =>
    [...own.keys()].map((query) => `${name}/${query}`),
  );
  return `${pc.green('ready')} ${pc.bold(url)}
${list(commands, `POST ${url}/commands/`)}${list(queries, `GET  ${url}/queries/`)}  GET  ${url}/openapi.json
Ctrl+C ends it.`;
}

function list(paths: readonly string[], prefix: string): string {
  return paths
    .slice(0, SHOWN_MAX)
    .map((path) => `  ${prefix}${path}\n`)
    .join('');
}

const SHOWN_MAX = 8;
