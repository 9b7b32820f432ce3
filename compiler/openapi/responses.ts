/** Responses of an operation: what is accepted, and what a good answer looks like. */
import { entriesOf, isJsonObject, type JsonObject, memberOf } from './document.ts';
import { chooseContent, isJsonType } from './media-type.ts';
import type { Located, References } from './reference.ts';
import type { Schemas } from './schemas.ts';

export interface Responses {
  /** The value of Accept. */
  readonly accept: string;
  /** The schema of the only good answer, where that is a JSON object. */
  readonly outputSchema: JsonObject | undefined;
}

const goodResponses = (
  operation: Located<JsonObject>,
  references: References,
): readonly Located<JsonObject>[] =>
  entriesOf(memberOf(operation.value, 'responses'))
    .filter(([status]) => /^2(\d\d|XX)$/i.test(status))
    .map(([status, value]) => references.follow({ value, path: [...operation.path, 'responses', status] }))
    .filter((found) => found !== undefined);

/** The root itself instead of a reference to it: legacy revisions want `type: object` there. */
const withRoot = (schema: JsonObject): JsonObject => {
  const { $ref, $defs, ...beside } = schema;
  const name = typeof $ref === 'string' ? $ref.slice('#/$defs/'.length) : undefined;
  const target = name === undefined ? undefined : memberOf($defs, name);
  return isJsonObject(target) ? { ...target, ...beside, $defs } : schema;
};

const isObjectSchema = (schema: unknown): boolean =>
  memberOf(schema, 'type') === 'object' ||
  (memberOf(schema, 'type') === undefined && isJsonObject(memberOf(schema, 'properties')));

const objectRoot = (schema: JsonObject): JsonObject | undefined => {
  const root = withRoot(schema);
  if (root.type !== undefined) return root.type === 'object' ? root : undefined;
  const all = memberOf(root, 'allOf');
  const isObject = isObjectSchema(root) || (Array.isArray(all) && all.some((part) => isObjectSchema(part)));
  return isObject ? { ...root, type: 'object' } : undefined;
};

/** With several good answers none describes all of them, and every result has to match the one schema. */
export const responsesOf = (
  operation: Located<JsonObject>,
  references: References,
  schemas: Schemas,
): Responses => {
  const good = goodResponses(operation, references);
  const chosen = good.map((found) => ({ found, content: chooseContent(memberOf(found.value, 'content')) }));
  const mediaTypes = chosen.flatMap(({ content }) => (content === undefined ? [] : [content[0]]));
  const accept = [...new Set([...mediaTypes, mediaTypes.includes('*/*') ? '*/*' : '*/*;q=0.1'])].join(', ');
  const [only] = chosen;
  if (chosen.length !== 1 || only?.content === undefined || !isJsonType(only.content[0]))
    return { accept, outputSchema: undefined };
  const [mediaType, content] = only.content;
  const path = [...only.found.path, 'content', mediaType, 'schema'];
  const schema = schemas.schema({ value: memberOf(content, 'schema') ?? {}, path }, 'response');
  const assembled = isJsonObject(schema) ? schemas.assembled(schema, 'response') : undefined;
  // A part of a schema would promise something else.
  return { accept, outputSchema: assembled?.isWhole ? objectRoot(assembled.schema) : undefined };
};
