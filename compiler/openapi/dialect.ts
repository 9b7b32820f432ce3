/** One schema of OpenAPI as JSON Schema 2020-12, without its subschemas. */
import type { JsonObject } from './document.ts';
import { shapeOf, valueProblem } from './keywords.ts';

/** Told of a keyword that cannot be taken over. */
export type OnIgnored = (keyword: string, problem: string) => void;

const withNull = (schema: Record<string, unknown>): Record<string, unknown> => {
  const { type, enum: values, ...rest } = schema;
  if (type === undefined)
    return Object.keys(rest).length === 0 && values === undefined
      ? {}
      : { anyOf: [schema, { type: 'null' }] };
  const types = [type].flat();
  return {
    ...rest,
    type: types.includes('null') ? type : [...types, 'null'],
    ...(Array.isArray(values) ? { enum: values.includes(null) ? values : [...values, null] } : {}),
  };
};

/** `exclusiveMinimum: true` says that `minimum` is exclusive (OpenAPI 3.0, after JSON Schema draft 5). */
const exclusiveBound = (
  schema: Record<string, unknown>,
  bound: 'minimum' | 'maximum',
  exclusive: 'exclusiveMinimum' | 'exclusiveMaximum',
): void => {
  const flag = schema[exclusive];
  if (typeof flag !== 'boolean') return;
  delete schema[exclusive];
  if (!flag || schema[bound] === undefined) return;
  schema[exclusive] = schema[bound];
  delete schema[bound];
};

const from30 = (schema: Record<string, unknown>): Record<string, unknown> => {
  exclusiveBound(schema, 'minimum', 'exclusiveMinimum');
  exclusiveBound(schema, 'maximum', 'exclusiveMaximum');
  if (schema.format === 'byte' || schema.format === 'binary') {
    delete schema.format;
    schema.contentEncoding = 'base64';
  }
  const isNullable = schema.nullable === true;
  delete schema.nullable;
  return isNullable ? withNull(schema) : schema;
};

/** Keywords of JSON Schema 2020-12 that are left are sound; everything else is gone. */
const soundOnly = (schema: Record<string, unknown>, onIgnored: OnIgnored): Record<string, unknown> => {
  const sound: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword !== '$ref' && shapeOf(keyword) === undefined) continue;
    const problem = valueProblem(keyword, value);
    if (problem === undefined) sound[keyword] = value;
    else onIgnored(keyword, problem);
  }
  return sound;
};

/** `example` is OpenAPI's own; extensions, `xml`, `discriminator` and the like say nothing to JSON Schema. */
const withExamples = (schema: JsonObject): Record<string, unknown> => {
  const { example, ...rest } = schema;
  return example === undefined || rest.examples !== undefined
    ? { ...rest }
    : { ...rest, examples: [example] };
};

/** The schema with its own keywords translated; those within are as they were. */
export const translate = (
  schema: JsonObject,
  version: '3.0' | '3.1',
  onIgnored: OnIgnored,
): Record<string, unknown> => {
  if (version === '3.1') return soundOnly(withExamples(schema), onIgnored);
  if (schema.$ref !== undefined) {
    // OpenAPI 3.0 ignores what stands beside a reference; a description does no harm.
    const { $ref, description } = schema;
    return soundOnly(description === undefined ? { $ref } : { $ref, description }, onIgnored);
  }
  return soundOnly(from30(withExamples(schema)), onIgnored);
};
