/** What is said of each server that tests want, before and after they run. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A server that tests want, and what became of that. */
export interface ServerState {
  /** Such as `postgres 18`. */
  readonly server: string;
  /** Its version and where it came from, or undefined with a reason. */
  readonly found: string | undefined;
  readonly why: string;
}

/** A server that may be missing until a day. */
export interface Waiver {
  readonly server: string;
  /** The last day on which it counts, such as `2026-12-31`. */
  readonly until: string;
  readonly why: string;
}

export function readWaivers(): readonly Waiver[] {
  const path = join(import.meta.dirname, '..', '..', '.ci', 'waivers.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as readonly Waiver[]) : [];
}

export interface Report {
  readonly lines: readonly string[];
  /** Servers that are neither there nor waived. */
  readonly missing: readonly string[];
}

/** @param today such as `2026-11-23`. */
export function report(
  states: readonly ServerState[],
  waivers: readonly Waiver[],
  today: string,
): Report {
  const missing: string[] = [];
  const lines = states.map(({ server, found, why }) => {
    if (found !== undefined) return `REAL ${server}: ${found}`;
    const waiver = waivers.find((one) => one.server === server && one.until >= today);
    if (waiver !== undefined) {
      return `WAIVED ${server} until ${waiver.until}: ${waiver.why} (${why})`;
    }
    missing.push(server);
    return `MISSING ${server}: ${why}`;
  });
  return { lines, missing };
}
