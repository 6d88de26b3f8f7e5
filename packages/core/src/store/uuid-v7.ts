/**
 * UUIDv7 ids (RFC 9562): 48 bits of milliseconds, then a counter and random bits.
 *
 * Ids of one maker grow strictly: within a millisecond, or when the clock goes back, the 74 bits after the time go on
 * from the last id; should they run out, the time is moved on by one.
 */

/**
 * Makes a maker of UUIDv7 ids that grow strictly in order of text.
 *
 * @param now integer milliseconds since 1970.
 */
export function uuidV7(now: () => number): () => string {
  let lastMs = -1;
  // 12 and 62 bits follow the time: the upper 12 and the next 30 count, the last 32 are always new.
  let high = 0;
  let middle = 0;
  const pool = randomPool();
  return () => {
    const ms = now();
    if (ms > lastMs) {
      lastMs = ms;
      high = pool() & 0x7ff;
      middle = pool() & 0x3fff_ffff;
    } else {
      middle += 1;
      if (middle > 0x3fff_ffff) {
        middle = 0;
        high += 1;
      }
      if (high > 0xfff) {
        high = 0;
        lastMs += 1;
      }
    }
    return format(lastMs, high, middle, pool());
  };
}

/** The milliseconds since 1970 in a UUIDv7; undefined for any other text. */
export function uuidV7Time(id: string): number | undefined {
  return UUID_V7.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

function format(ms: number, high: number, middle: number, low: number): string {
  const time = ms.toString(16).padStart(12, '0');
  const variant = (0x8000 | (middle >>> 16)).toString(16);
  const rest = hex(middle & 0xffff, 4) + hex(low, 8);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(high, 3)}-${variant}-${rest}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** Random 32-bit numbers, fetched many at a time: one call to the platform for each would cost more than the id. */
function randomPool(): () => number {
  const pool = new Uint32Array(POOL_WORDS);
  let used = POOL_WORDS;
  return () => {
    if (used === POOL_WORDS) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    const word = pool[used] ?? 0;
    used += 1;
    return word;
  };
}

const POOL_WORDS = 256;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
