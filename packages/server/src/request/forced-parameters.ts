import type { Json } from '@daybook/core';

import { HttpProblem } from '../problem.ts';
import { asJson } from './json-text.ts';

/** A query's parameters with those that an authorisation forces, which win. @throws {@link HttpProblem} */
export function withForced(
  params: unknown,
  forced: Readonly<Record<string, unknown>> | undefined,
): Json {
  if (forced === undefined) return asJson(params);
  if (params === undefined) return asJson(forced);
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw new HttpProblem('invalid-message', 'The parameters of this query are an object.');
  }
  return asJson({ ...params, ...forced });
}
