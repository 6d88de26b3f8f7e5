/** The commands and their options. Each command's code is loaded when it runs, so that none pays for the others. */
import { readFileSync } from 'node:fs';

import { Command, CommanderError, Option } from 'commander';

import { exitCodeOf, exitCodes, UsageError } from './exit-code.ts';
import { expectedArgument, integerArgument, listArgument, secondsArgument } from './message.ts';
import { writeError } from './output.ts';
import type { GlobalOptions } from './run.ts';

/** Runs one command line and gives its exit code. Never rejects. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok;
  const program = programOf((result) => {
    code = result;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    writeError(error, args.includes('--json'));
    return exitCodeOf(error);
  }
}

function programOf(done: (code: number) => void): Command {
  const program = new Command('daybook')
    .description('Event sourcing and CQRS for TypeScript, from the command line.')
    .version(versionOf(), '--version', 'the version of this program')
    .option('--json', 'JSON for programs on standard output, and nothing else')
    .option('--config <file>', 'the configuration; default: the nearest daybook.config.ts, upwards')
    .addOption(
      new Option('--url <url>', 'work on a server instead of the store').env('DAYBOOK_URL'),
    )
    .option(
      '--header <line>',
      'a header for the server, such as "Authorization: Bearer …"; may be repeated',
      collect,
    )
    .option('--no-color', 'no colours (also: NO_COLOR=1)')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(daybook --help says more)')
    .exitOverride();

  const add = (name: string, description: string): Command =>
    program.command(name).description(description).exitOverride();

  add('dev', 'serve the application on this machine')
    .option('--port <port>', 'default 4680; 0 takes a free one', integer(0))
    .option('--host <host>', 'default 127.0.0.1')
    .option('--public', 'serve everybody who can reach the host, without authorisation')
    .action(async (_, command: Command) =>
      done(await (await import('./commands/dev.ts')).dev(command.optsWithGlobals())),
    );

  add('send', 'send a command (decider/id/Command) or a decision (Decision)')
    .argument('<message>', 'such as account/acc-1/DepositMoney, or PostEntry')
    .argument('[json]', 'its data; - reads standard input; default {}')
    .option('--id <id>', 'the same id has one effect; default: a new one')
    .option(
      '--expect <revision>',
      'only if the stream is at this revision, or no-stream',
      usage(expectedArgument),
    )
    .action(async (message: string, json: string | undefined, _, command: Command) =>
      done(
        await (await import('./commands/send.ts')).send(message, json, command.optsWithGlobals()),
      ),
    );

  add('query', 'ask a read model')
    .argument('<query>', 'such as balances.balanceOf')
    .argument('[json]', 'its parameters; - reads standard input; default {}')
    .option('--after <token>', 'at least as fresh as this token; default: what is recorded now')
    .option('--wait <seconds>', 'how long to wait until it is', usage(secondsArgument))
    .action(async (question: string, json: string | undefined, _, command: Command) =>
      done(
        await (
          await import('./commands/query.ts')
        ).query(question, json, command.optsWithGlobals()),
      ),
    );

  add('tail', 'print events')
    .option('--last <count>', 'begin so many events before the end', integer(0), 20)
    .option('--after <position>', 'begin after this position; -1 is the beginning', integer(-1))
    .option('--types <types>', 'only these, separated by commas', listArgument)
    .option('--tags <tags>', 'only with all of these, separated by commas', listArgument)
    .option('-f, --follow', 'go on with what is recorded from now on')
    .action(async (_, command: Command) =>
      done(await (await import('./commands/tail.ts')).tail(command.optsWithGlobals())),
    );

  add('import', 'import what export wrote; repeat it to go on')
    .argument('<file>', 'or - for standard input')
    .action(async (file: string, _, command: Command) =>
      done(
        await (await import('./commands/import.ts')).importCommand(file, command.optsWithGlobals()),
      ),
    );

  add('export', 'write the log as NDJSON')
    .argument('[file]', 'default -, standard output', '-')
    .action(async (file: string, _, command: Command) =>
      done(
        await (await import('./commands/export.ts')).exportCommand(file, command.optsWithGlobals()),
      ),
    );

  addParked(add('parked', 'keys of read models that were set aside after an event failed'), done);

  add('health', 'how far every read model is').action(async (_, command: Command) =>
    done(await (await import('./commands/health.ts')).health(command.optsWithGlobals())),
  );

  add('rebuild', 'build a read model anew, beside the old one')
    .argument('<readModel>')
    .option(
      '--wait <seconds>',
      'how long to wait until it answers',
      usage(secondsArgument),
      600_000,
    )
    .action(async (readModel: string, _, command: Command) =>
      done(
        await (await import('./commands/rebuild.ts')).rebuild(readModel, command.optsWithGlobals()),
      ),
    );
  return program;
}

/** As package.json says. */
function versionOf(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

function addParked(parked: Command, done: (code: number) => void): void {
  parked
    .command('list', { isDefault: true })
    .description('which, since when and why')
    .argument('[readModel]')
    .exitOverride()
    .action(async (readModel: string | undefined, _, command: Command) =>
      done(
        await (
          await import('./commands/parked.ts')
        ).listParked(readModel, command.optsWithGlobals<GlobalOptions>()),
      ),
    );
  for (const [kind, description] of [
    ['retry', 'apply the key’s events again, in order'],
    ['skip', 'leave out the event that the key is parked at; recorded in the log'],
  ] as const) {
    parked
      .command(kind)
      .description(description)
      .argument('<readModel>')
      .argument('<key>')
      .option('--reason <text>', 'recorded with it')
      .option(
        '--wait <seconds>',
        'how long to wait until it is done',
        usage(secondsArgument),
        5_000,
      )
      .exitOverride()
      .action(async (readModel: string, key: string, _, command: Command) =>
        done(
          await (
            await import('./commands/parked.ts')
          ).repairParked(kind, readModel, key, command.optsWithGlobals()),
        ),
      );
  }
}

function collect(line: string, lines: readonly string[] = []): readonly string[] {
  if (!/^[\w-]+\s*:/.test(line))
    throw new UsageError(`"${line}" is not a header. Write "Name: value".`);
  return [...lines, line];
}

function integer(min: number): (value: string) => number {
  return usage(integerArgument(min));
}

/** Commander hands the value before as a second argument, which our parsers do not want. */
function usage<Value>(parse: (value: string) => Value): (value: string) => Value {
  return (value) => parse(value);
}

const EXIT_CODES = `
Exit codes: 0 done · 1 unexpected · 2 wrong usage or message · 3 refused by the domain · 4 conflict or not fresh
5 store or server unavailable · 6 a person is needed (lines refused, keys parked, failing) · 7 not allowed · 130 interrupted`;
