/** From the text of a frame to the frame. */
import { checkSchema } from './check-schema.ts';
import { upFrameSchemas } from './frame-schemas.ts';
import type { DownFrame, UpFrame } from './frames.ts';
import type { JsonSchema } from './json-schema.ts';
import type { ProblemIssue } from './problem.ts';

/** A frame from a client, or what is wrong with it; `id` is the one that it has, so that the answer can carry it. */
export type ParsedUpFrame =
  | { readonly frame: UpFrame; readonly issues?: undefined }
  | { readonly issues: readonly ProblemIssue[]; readonly id: string | undefined };

/** Checks what came from outside, as a server must. The text must be bounded in length and depth before. */
export function parseUpFrame(text: string): ParsedUpFrame {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null)
    return refused('', 'is not a JSON object', undefined);
  const id = ownText(value, 'id');
  const schema = schemasByType.get(ownText(value, 'type') ?? '');
  if (schema === undefined)
    return refused('/type', `must be one of ${[...schemasByType.keys()].join(', ')}`, id);
  const issues = checkSchema(schema, value);
  return issues.length === 0 ? { frame: checkedUp(value) } : { issues, id };
}

/**
 * Reads what came from a server, which is trusted to keep to its schemas; only the type is looked at.
 *
 * @returns undefined for a frame that this version does not know: skip it.
 */
export function parseDownFrame(text: string): DownFrame | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || !downTypes.has(ownText(value, 'type') ?? ''))
    return undefined;
  return checkedDown(value);
}

/** Where JSON that was looked at becomes a frame to the compiler. */
function checkedUp(value: object): UpFrame {
  return value as UpFrame;
}

function checkedDown(value: object): DownFrame {
  return value as DownFrame;
}

function refused(pointer: string, detail: string, id: string | undefined): ParsedUpFrame {
  return { issues: [{ pointer, detail }], id };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function ownText(value: object, name: string): string | undefined {
  const member: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
  return typeof member === 'string' ? member : undefined;
}

const schemasByType: ReadonlyMap<string, JsonSchema> = new Map([
  ['hello', upFrameSchemas['HelloFrame'] ?? {}],
  ['sub', upFrameSchemas['SubFrame'] ?? {}],
  ['watch', upFrameSchemas['WatchFrame'] ?? {}],
  ['unsub', upFrameSchemas['UnsubFrame'] ?? {}],
  ['reach', upFrameSchemas['ReachFrame'] ?? {}],
  ['ask', upFrameSchemas['AskFrame'] ?? {}],
  ['await', upFrameSchemas['AwaitFrame'] ?? {}],
  ['ping', upFrameSchemas['PingFrame'] ?? {}],
]);

const downTypes: ReadonlySet<string> = new Set<DownFrame['type']>([
  'welcome',
  'snap',
  'next',
  'pos',
  'state',
  'outcomes',
  'ready',
  'reset',
  'problem',
  'bye',
  'pong',
]);
