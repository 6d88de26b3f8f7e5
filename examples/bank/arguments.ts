/** What the server is told: by its flags and its environment. */

export interface ServerArguments {
  readonly port: number;
  readonly host: string;
  /** Where the bank's files are; created where it does not exist. */
  readonly dataDir: string;
  readonly isDemo: boolean;
  readonly isPublic: boolean;
}

/** Something was said that the server does not understand; the message says what to write instead. */
export class UsageError extends Error {
  override get name(): string {
    return 'UsageError';
  }
}

export const USAGE = `npm start -- [--demo] [--public]

  --demo      begins with a household's ledger of five years in the bank
  --public    serves whoever can reach an address that is not this machine's own; without it such a HOST is refused

  PORT        default 4680; 0 takes one that is free
  HOST        default 127.0.0.1
  DATA_DIR    default ./data`;

/** @throws {@link UsageError} */
export function argumentsOf(
  flags: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ServerArguments {
  const unknown = flags.find((flag) => flag !== '--demo' && flag !== '--public');
  if (unknown !== undefined) {
    throw new UsageError(`The server does not know "${unknown}". It is started by\n\n${USAGE}`);
  }
  return {
    port: portOf(environment['PORT']),
    host: environment['HOST'] || '127.0.0.1',
    dataDir: environment['DATA_DIR'] || './data',
    isDemo: flags.includes('--demo'),
    isPublic: flags.includes('--public'),
  };
}

function portOf(text: string | undefined): number {
  if (text === undefined || text === '') return 4680;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(`PORT is "${text}"; it is a number from 0 to 65535, such as PORT=4680.`);
}
