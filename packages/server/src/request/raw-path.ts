/**
 * The path, split on raw slashes and then decoded once (rule S3): `%2F` inside an id is part of the id, and `..` has no
 * meaning, however it is written.
 */
import { HttpProblem } from '../problem.ts';

/**
 * The decoded segments of a path below `basePath`; undefined for a path that is not below it.
 *
 * @throws {@link HttpProblem} `invalid-request` for a segment that is `.` or `..`, or not UTF-8.
 */
export function segmentsOf(path: string, basePath: string): readonly string[] | undefined {
  if (!path.startsWith(basePath) || path.charCodeAt(basePath.length) !== SLASH) return undefined;
  const segments = path.slice(basePath.length + 1).split('/');
  if (segments.length > SEGMENTS_MAX) return undefined;
  for (let index = 0; index < segments.length; index += 1) {
    const raw = segments[index] ?? '';
    const segment = raw.includes('%') ? decode(raw) : raw;
    if (segment === '.' || segment === '..') {
      throw new HttpProblem('invalid-request', 'A path cannot hold "." or ".."; neither is an id.');
    }
    segments[index] = segment;
  }
  return segments;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpProblem('invalid-request', 'The path has percent signs that are not UTF-8.');
  }
}

const SLASH = 0x2f;
const SEGMENTS_MAX = 8;
