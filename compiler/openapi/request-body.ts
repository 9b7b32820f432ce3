/** The request body of an operation: one argument of its tool. */
import type { OpenApiBodyNode } from '../../schema/graph/upstream.ts';
import { entriesOf, isJsonObject, type JsonObject, memberOf, textOf } from './document.ts';
import { chooseContent, concrete, encodingOf } from './media-type.ts';
import type { Located, References } from './reference.ts';
import type { Schemas } from './schemas.ts';

export interface Body {
  readonly node: OpenApiBodyNode;
  readonly schema: unknown;
  readonly required: boolean;
}

/** Whether a part of a multipart body is bytes, which callers give as base64. */
const isBinary = (schema: unknown): boolean => {
  const own = memberOf(schema, 'type') === 'array' ? memberOf(schema, 'items') : schema;
  if (memberOf(own, 'format') === 'binary') return true;
  const mediaType = textOf(own, 'contentMediaType');
  return (
    mediaType !== undefined &&
    textOf(own, 'contentEncoding') === undefined &&
    !/json|^text\//i.test(mediaType)
  );
};

const base64Properties = (found: Located, references: References): readonly string[] => {
  const schema = references.follow(found);
  return entriesOf(memberOf(schema?.value, 'properties')).flatMap(([name, value]) => {
    const path = [...(schema?.path ?? []), 'properties', name];
    const property = references.follow({ value, path })?.value;
    return isBinary(property) ? [name] : [];
  });
};

/** What the argument's schema is where the media type leaves no choice. */
const schemaFor = (encoding: OpenApiBodyNode['encoding'], mediaType: string, own: unknown): unknown => {
  const description = textOf(own, 'description');
  const told = description === undefined ? {} : { description };
  if (encoding === 'text') return { type: 'string', contentMediaType: mediaType, ...told };
  if (encoding === 'base64')
    return { type: 'string', contentEncoding: 'base64', contentMediaType: mediaType, ...told };
  return own;
};

/** The body that an operation takes; undefined if it takes none. */
export const requestBody = (
  operation: Located<JsonObject>,
  argument: string,
  references: References,
  schemas: Schemas,
): Body | undefined => {
  const value = memberOf(operation.value, 'requestBody');
  const found =
    value === undefined ? undefined : references.follow({ value, path: [...operation.path, 'requestBody'] });
  const chosen = chooseContent(memberOf(found?.value, 'content'));
  if (found === undefined || chosen === undefined) return undefined;
  const [written, content] = chosen;
  const schemaFound = {
    value: memberOf(content, 'schema') ?? {},
    path: [...found.path, 'content', written, 'schema'],
  };
  const encoding = encodingOf(written);
  const mediaType = concrete(written);
  const own = schemaFor(encoding, mediaType, schemas.schema(schemaFound, 'request'));
  const description = textOf(found.value, 'description');
  return {
    node: {
      argument,
      mediaType,
      encoding,
      base64Properties: encoding === 'multipart' ? base64Properties(schemaFound, references) : [],
    },
    schema: description === undefined || !isJsonObject(own) ? own : { ...own, description },
    required: found.value.required === true,
  };
};
