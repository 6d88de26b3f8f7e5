/** A question: its contenders, what has to be reached, and how it is answered. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isLoaded, machine } from './machine.ts';
import { answerPage } from './answer-page.ts';
import { RESULTS, summaryOf, type Answer } from './answer.ts';
import { writePerformancePage } from './performance-page.ts';
import { interleave, type Contender } from './sample.ts';
import { resultOf, type Target } from './target.ts';

export interface Question {
  /** The file's name without its end. */
  readonly name: string;
  readonly question: string;
  /** How it was measured, a paragraph each. */
  readonly method: readonly string[];
  /** What one operation is: `append`, `event`, `request`. */
  readonly unit: string;
  readonly contenders: readonly Contender[];
  /** Contenders that cannot run here, with the reason. */
  readonly skipped?: ReadonlyMap<string, string>;
  readonly targets: readonly Target[];
  /** What a reader should know about the numbers. */
  readonly remarks?: readonly string[];
  /** At least 5; default 7. */
  readonly rounds?: number;
}

/** True for a short look: two rounds, smaller work, nothing written. */
export const isQuick: boolean = process.argv.includes('--quick');

/** Measures, prints the answer, and writes it: to `results/` as JSON and as a page, and into `docs/performance.md`. */
export async function answer(question: Question): Promise<void> {
  const { name, contenders, skipped = new Map(), targets, remarks = [] } = question;
  exposeCollector();
  const rounds = isQuick ? 2 : (question.rounds ?? 7);
  const before = machine();
  process.stderr.write(`${name}: `);
  const samples = await interleave(contenders, rounds);
  const { method, unit } = question;
  const result: Answer = {
    name,
    question: question.question,
    method,
    unit,
    rounds,
    machine: before,
    isLoaded: isLoaded(before),
    results: targets.map((target) => resultOf(target, samples)),
    contenders: [...samples].map(([contender, taken]) => summaryOf(contender, taken)),
    skipped: Object.fromEntries(skipped),
    remarks,
  };
  const page = answerPage(result);
  console.log(page);
  if (isQuick) return;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(RESULTS, `${name}.md`), page);
  writePerformancePage();
}

/** Rubbish of one contender is not to be collected in the next one's time. */
function exposeCollector(): void {
  setFlagsFromString('--expose-gc');
  globalThis.gc = runInNewContext('gc') as NodeJS.GCFunction;
}
