/** A platform whose clock stands until it is moved. */
import { hash } from 'node:crypto';

import { uuidV7, type Platform } from '@daybook/core';

export interface TestPlatform extends Platform {
  readonly setNow: (ms: number) => void;
}

export function testPlatform(startMs = Date.UTC(2026, 10, 17)): TestPlatform {
  let nowMs = startMs;
  const now = (): number => nowMs;
  return {
    now,
    newId: uuidV7(now),
    sha256: (text) => hash('sha256', text),
    setNow(ms) {
      nowMs = ms;
    },
  };
}
