/** `docs/performance.md`: all answers in one table, written between two marks of a page that people write. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resultTable } from './answer-page.ts';
import { RESULTS, type Answer } from './answer.ts';

/** The file of the page. */
export const PERFORMANCE_PAGE = join(import.meta.dirname, '..', '..', 'docs', 'performance.md');

const begin = '<!-- answers: written by `npm run bench` -->';
const end = '<!-- end of answers -->';

/** Puts the last answers into the page. */
export function writePerformancePage(): void {
  writeFileSync(
    PERFORMANCE_PAGE,
    withAnswers(readFileSync(PERFORMANCE_PAGE, 'utf8'), readAnswers()),
  );
}

/** The page with the table of these answers in the place of the one before. */
export function withAnswers(text: string, answers: readonly Answer[]): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from)
    throw new Error('docs/performance.md has lost the marks of its answers.');
  return `${text.slice(0, from)}${begin}\n\n${answersText(answers)}\n\n${text.slice(to)}`;
}

/** The answers that were written, in order of name. */
export function readAnswers(): readonly Answer[] {
  return readdirSync(RESULTS)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(RESULTS, file), 'utf8')) as Answer);
}

function answersText(answers: readonly Answer[]): string {
  return answers
    .map(
      ({ name, question, results, machine, rounds, isLoaded }) =>
        `### ${question}\n\n${resultTable(results)}\n\n[${name}](../benchmarks/results/${name}.md): ${machine.date}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}, ${rounds} rounds${isLoaded ? '; the machine was busy with other work' : ''}.`,
    )
    .join('\n\n');
}
