/** Processes beside this one, and what they say. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Starts a script of this folder and waits for its first word. */
export async function started(
  script: string,
  args: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly first: Readonly<Record<string, unknown>> }> {
  const child = fork(join(import.meta.dirname, script), [...args], {
    execArgv: ['--conditions=daybook-source'],
  });
  return { child, first: await nextWord(child) };
}

/** The next message of a child; rejects when it ends first. */
export async function nextWord(child: ChildProcess): Promise<Readonly<Record<string, unknown>>> {
  const isOver = new AbortController();
  const onExit = (): void => isOver.abort(new Error('The other process ended'));
  child.once('exit', onExit);
  try {
    const [message] = (await once(child, 'message', { signal: isOver.signal })) as [
      Readonly<Record<string, unknown>>,
    ];
    return message;
  } finally {
    child.off('exit', onExit);
  }
}

/** Asks it to end, and waits until it has. */
export async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.send('end');
  await exit;
}
