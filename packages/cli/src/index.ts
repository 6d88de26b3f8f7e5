/** The command line as a function, for programs that bring their own `main`. */
export { exitCodes } from './exit-code.ts';
export { runCommandLine } from './program.ts';
