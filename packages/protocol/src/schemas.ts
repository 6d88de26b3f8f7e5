/** The schema of every message, by the name of its type; `$ref`s point here, and OpenAPI takes it over as it stands. */
import { answerSchemas } from './answer-schemas.ts';
import { downFrameSchemas, upFrameSchemas } from './frame-schemas.ts';
import type { JsonSchema } from './json-schema.ts';
import { problemSchema } from './problem.ts';

export const schemas: Readonly<Record<string, JsonSchema>> = {
  Problem: problemSchema,
  ...answerSchemas,
  ...upFrameSchemas,
  ...downFrameSchemas,
};
