/** The query string, decoded strictly: what is not UTF-8 is refused, not replaced. */
import { HttpProblem } from '../problem.ts';

/** Parameters by name, each with its values in order. */
export type QueryString = ReadonlyMap<string, readonly string[]>;

/** @throws {@link HttpProblem} `invalid-request` */
export function parseQueryString(search: string, parametersMax: number): QueryString {
  const parameters = new Map<string, string[]>();
  if (search === '') return parameters;
  const parts = search.split('&', parametersMax + 1);
  if (parts.length > parametersMax) {
    throw new HttpProblem(
      'invalid-request',
      `A query string must have at most ${parametersMax} parameters.`,
    );
  }
  for (const part of parts) {
    if (part === '') continue;
    const end = part.indexOf('=');
    const name = decode(end < 0 ? part : part.slice(0, end));
    const value = end < 0 ? '' : decode(part.slice(end + 1));
    const values = parameters.get(name);
    if (values === undefined) parameters.set(name, [value]);
    else values.push(value);
  }
  return parameters;
}

/** The only value of a parameter, undefined where it is absent. @throws {@link HttpProblem} */
export function oneOf(query: QueryString, name: string): string | undefined {
  const values = query.get(name);
  if (values === undefined) return undefined;
  if (values.length > 1) throw invalidParameter(name, 'must stand once');
  return values[0];
}

/** A whole number within bounds. @throws {@link HttpProblem} */
export function integerOf(
  query: QueryString,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const text = oneOf(query, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^-?\d{1,16}$/.test(text) && Number.isSafeInteger(value) && value >= min && value <= max)
    return value;
  throw invalidParameter(name, `must be a whole number from ${min} to ${max}`);
}

/** A list, given as `name=a,b` or `name=a&name=b`. */
export function listOf(query: QueryString, name: string): readonly string[] | undefined {
  return query
    .get(name)
    ?.flatMap((value) => value.split(','))
    .filter((value) => value !== '');
}

/** @throws {@link HttpProblem} for a parameter that this path does not know: a typing mistake must not be read as its absence. */
export function checkNames(query: QueryString, known: ReadonlySet<string>): void {
  const unknown = [...query.keys()].filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new HttpProblem(
    'invalid-request',
    `This path has the parameters ${[...known].join(', ')}.`,
    unknown.map((name) => ({ path: pointer(name), message: 'is not a parameter of this path' })),
  );
}

export function invalidParameter(name: string, message: string): HttpProblem {
  return new HttpProblem('invalid-request', `The parameter "${name.slice(0, 100)}" ${message}.`, [
    { path: pointer(name), message },
  ]);
}

function pointer(name: string): string {
  return `/${name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw new HttpProblem(
      'invalid-request',
      'The query string has percent signs that are not UTF-8.',
    );
  }
}
