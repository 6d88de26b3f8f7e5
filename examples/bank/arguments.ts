/** What the server is told: by its flags and its environment. */

export interface ServerArguments {
  readonly port: number;
  readonly host: string;
  /** Where the bank's files are; created where it does not exist. */
  readonly dataDir: string;
  readonly store: 'sqlite' | 'postgres';
  /** A PostgreSQL of one's own; where there is none, one is started in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly isDemo: boolean;
  readonly isPublic: boolean;
}

/** Something was said that the server does not understand; the message says what to write instead. */
export class UsageError extends Error {
  override get name(): string {
    return 'UsageError';
  }
}

export const USAGE = `npm start -- [--demo] [--public] [--store sqlite|postgres]

  --demo      begins with a household's ledger of five years in the bank
  --public    serves whoever can reach an address that is not this machine's own; without it such a HOST is refused
  --store     where the bank is kept; default sqlite, two files in DATA_DIR

  PORT          default 4680; 0 takes one that is free
  HOST          default 127.0.0.1
  DATA_DIR      default ./data
  DATABASE_URL  the PostgreSQL for --store postgres; without it one is started that keeps its data in DATA_DIR`;

/** @throws {@link UsageError} */
export function argumentsOf(
  flags: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ServerArguments {
  const { store, others } = storeOf(flags);
  const unknown = others.find((flag) => flag !== '--demo' && flag !== '--public');
  if (unknown !== undefined) {
    throw new UsageError(`The server does not know "${unknown}". It is started by\n\n${USAGE}`);
  }
  return {
    port: portOf(environment['PORT']),
    host: environment['HOST'] || '127.0.0.1',
    dataDir: environment['DATA_DIR'] || './data',
    store,
    databaseUrl: environment['DATABASE_URL'] || undefined,
    isDemo: flags.includes('--demo'),
    isPublic: flags.includes('--public'),
  };
}

/** `--store` with the word behind it, and the flags that are left. */
function storeOf(flags: readonly string[]): {
  readonly store: ServerArguments['store'];
  readonly others: readonly string[];
} {
  const at = flags.indexOf('--store');
  if (at < 0) return { store: 'sqlite', others: flags };
  const store = flags[at + 1];
  if (store !== 'sqlite' && store !== 'postgres') {
    throw new UsageError(`--store is followed by sqlite or postgres, not by "${store ?? ''}".`);
  }
  return { store, others: flags.toSpliced(at, 2) };
}

function portOf(text: string | undefined): number {
  if (text === undefined || text === '') return 4680;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(`PORT is "${text}"; it is a number from 0 to 65535, such as PORT=4680.`);
}
