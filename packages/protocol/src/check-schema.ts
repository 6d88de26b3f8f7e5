/** A validator for the schemas of this package: only the keywords that they use. */
import type { JsonSchema } from './json-schema.ts';
import type { ProblemIssue } from './problem.ts';

/**
 * Everything in `value` that breaks `schema`; empty when nothing does.
 *
 * @param known what `#/components/schemas/Name` refers to; a reference that is not there is a `TypeError`.
 */
export function checkSchema(
  schema: JsonSchema,
  value: unknown,
  known: Readonly<Record<string, JsonSchema>> = {},
): readonly ProblemIssue[] {
  const issues: ProblemIssue[] = [];
  check(schema, value, '', known, issues);
  return issues;
}

function check(
  schema: JsonSchema,
  value: unknown,
  pointer: string,
  known: Readonly<Record<string, JsonSchema>>,
  issues: ProblemIssue[],
): void {
  if (typeof schema['$ref'] === 'string') {
    check(resolve(schema['$ref'], known), value, pointer, known, issues);
    return;
  }
  const problem = problemOf(schema, value);
  if (problem !== undefined) {
    issues.push({ pointer, detail: problem });
  } else if (Array.isArray(value)) {
    const { items } = schema;
    if (!isSchema(items)) return;
    for (const [index, item] of value.entries())
      check(items, item, `${pointer}/${index}`, known, issues);
  } else if (typeof value === 'object' && value !== null) {
    checkMembers(schema, value, pointer, known, issues);
  }
}

function checkMembers(
  schema: JsonSchema,
  value: object,
  pointer: string,
  known: Readonly<Record<string, JsonSchema>>,
  issues: ProblemIssue[],
): void {
  const { required, properties, additionalProperties } = schema;
  for (const name of Array.isArray(required) ? required : []) {
    if (!Object.hasOwn(value, String(name)))
      issues.push({ pointer: `${pointer}/${String(name)}`, detail: 'is missing' });
  }
  for (const [name, member] of Object.entries(value)) {
    const declared =
      isSchema(properties) && Object.hasOwn(properties, name)
        ? properties[name]
        : additionalProperties;
    if (isSchema(declared)) check(declared, member, `${pointer}/${escape(name)}`, known, issues);
  }
}

function problemOf(schema: JsonSchema, value: unknown): string | undefined {
  const {
    type,
    const: only,
    enum: among,
    minLength,
    maxLength,
    minimum,
    maximum,
    maxItems,
  } = schema;
  const types =
    typeof type === 'string' ? [type] : Array.isArray(type) ? type.map(String) : undefined;
  if (types !== undefined && !types.some((name) => isOfType(value, name))) {
    return `must be ${types.join(' or ')}`;
  }
  if (only !== undefined && value !== only) return `must be ${JSON.stringify(only)}`;
  if (Array.isArray(among) && !among.includes(value)) return `must be one of ${among.join(', ')}`;
  if (typeof value === 'string') {
    if (typeof minLength === 'number' && value.length < minLength) return 'must not be empty';
    if (typeof maxLength === 'number' && value.length > maxLength)
      return `must have at most ${maxLength} characters`;
  }
  if (typeof value === 'number') {
    if (typeof minimum === 'number' && value < minimum) return `must be at least ${minimum}`;
    if (typeof maximum === 'number' && value > maximum) return `must be at most ${maximum}`;
  }
  if (Array.isArray(value) && typeof maxItems === 'number' && value.length > maxItems) {
    return `must have at most ${maxItems} items`;
  }
  return undefined;
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object')
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'number') return Number.isFinite(value);
  return typeof value === type;
}

function resolve(reference: string, known: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  const schema = Object.hasOwn(known, name) ? known[name] : undefined;
  if (schema === undefined) throw new TypeError(`No schema is known for ${reference}.`);
  return schema;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escape(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
