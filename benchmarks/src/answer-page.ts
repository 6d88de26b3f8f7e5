/** The page of one answer. */
import type { Answer, ContenderSummary } from './answer.ts';
import { isMoreBetter, type Result } from './target.ts';

export function answerPage(answer: Answer): string {
  return `${[
    `# ${answer.name}`,
    answer.question,
    aboutOf(answer),
    resultTable(answer.results),
    shortfallsOf(answer.results),
    contenderTable(answer),
    ['## Method', ...answer.method].join('\n\n'),
    remarksOf(answer),
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

/** The rows of what was asked and reached, as a table. */
export function resultTable(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.what,
    result.against,
    valueText(result, result.value),
    result.low === null
      ? '–'
      : `${valueText(result, result.low)} to ${valueText(result, result.high)}`,
    result.byCpu === null ? '–' : number(result.byCpu),
    boundText(result, result.atLeast),
    boundText(result, result.aim),
    result.verdict === 'falls short' ? '**falls short**' : result.verdict,
  ]);
  return table(
    ['measured', 'against', 'median', 'range', 'by CPU', 'at least', 'aim', 'reached'],
    rows,
  );
}

/** A number in three digits that count. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function aboutOf({ machine, rounds, isLoaded }: Answer): string {
  const about = `${machine.date}, commit ${machine.commit}; ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}; Node ${machine.node}, SQLite ${machine.sqlite}; median of ${rounds} interleaved rounds.`;
  return isLoaded
    ? `${about} **The machine was busy with other work** (load ${machine.loadBefore} before the start): absolute numbers are low, and ratios jump.`
    : about;
}

function shortfallsOf(results: readonly Result[]): string {
  const short = results.filter(({ verdict }) => verdict === 'falls short');
  if (short.length === 0) return '';
  const list = short.map(
    (result) =>
      `${result.what}, against ${result.against}: ${valueText(result, result.value)} of ${boundText(result, result.atLeast)}`,
  );
  return `Falls short: ${list.join('; ')}.`;
}

function contenderTable({ contenders, skipped, unit }: Answer): string {
  const rows = contenders.map((contender) => [
    contender.name,
    number(contender.perSecond),
    number(contender.cpuMicrosEach),
    ...latencies(contender),
  ]);
  const out = Object.entries(skipped).map(([name, reason]) => [
    name,
    `skipped: ${reason}`,
    ...Array(4).fill(''),
  ]);
  return table(
    ['contender', `${unit}s/s`, 'CPU µs each', 'p50 ms', 'p99 ms', 'loop delay p99 ms'],
    [...rows, ...out],
  );
}

function latencies(contender: ContenderSummary): readonly string[] {
  return [contender.latencyP50Ms, contender.latencyP99Ms, contender.loopDelayP99Ms].map((value) =>
    value === null ? '–' : number(value),
  );
}

function remarksOf({ remarks }: Answer): string {
  return remarks.length === 0
    ? ''
    : ['## What to know', ...remarks.map((remark) => `- ${remark}`)].join('\n');
}

function valueText(result: Result, value: number | null): string {
  if (value === null) return '–';
  return result.theirs === undefined ? `${number(value)} ms` : number(value);
}

function boundText(result: Result, bound: number | undefined): string {
  if (bound === undefined) return '–';
  return `${isMoreBetter(result.measure) ? '≥' : '≤'} ${valueText(result, bound)}`;
}
