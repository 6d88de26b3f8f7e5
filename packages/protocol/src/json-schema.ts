/** A JSON Schema (2020-12) as data. References point into {@link schemas}: `#/components/schemas/Name`, as in OpenAPI. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}
