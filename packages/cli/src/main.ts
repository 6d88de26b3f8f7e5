#!/usr/bin/env node
/** The `daybook` program. */
import module from 'node:module';

import { exitCodes } from './exit-code.ts';

// A reader that went away, such as `head`, wants no more, and that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});

if (isNodeSupported(process.versions.node)) {
  // Halves the time that a command takes: most of it is the loading of code.
  module.enableCompileCache();
  const { runCommandLine } = await import('./program.ts');
  process.exitCode = await runCommandLine(process.argv.slice(2));
} else {
  process.stderr.write(
    `error: daybook runs on Node 22.23 or 24.15 and later; this is ${process.version}. Install a newer Node.\n`,
  );
  process.exitCode = exitCodes.usage;
}

/** As `engines` in package.json says. */
function isNodeSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 15) || (major === 22 && minor >= 23);
}
