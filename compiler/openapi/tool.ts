/** One operation as a tool and the request that a call of it becomes. */
import type { OpenApiOperationNode } from '../../schema/graph/upstream.ts';
import { given } from '../lower/measure.ts';
import { isJsonObject, type JsonObject, textOf } from './document.ts';
import { type Operation, toolName } from './operations.ts';
import { type Argument, argumentsOf, bodyArgument, declaredParameters, type IsKept } from './parameters.ts';
import type { References } from './reference.ts';
import { type Body, requestBody } from './request-body.ts';
import { responsesOf } from './responses.ts';
import type { Schemas } from './schemas.ts';

const READ_ONLY = new Set(['GET', 'HEAD', 'OPTIONS']);
const IDEMPOTENT = new Set([...READ_ONLY, 'PUT', 'DELETE']);

/** What a method promises (RFC 9110, section 9.2). Nobody knows what POST and PATCH do: the worst is told. */
const annotationsOf = (method: string): JsonObject => ({
  readOnlyHint: READ_ONLY.has(method),
  destructiveHint: !READ_ONLY.has(method),
  idempotentHint: IDEMPOTENT.has(method),
  openWorldHint: true,
});

const descriptionOf = ({ value }: Operation['found']): string | undefined => {
  const parts = [
    value.deprecated === true ? 'Deprecated.' : undefined,
    textOf(value, 'summary'),
    textOf(value, 'description'),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : [...new Set(parts)].join('\n\n');
};

const inputSchema = (used: readonly Argument[], body: Body | undefined, schemas: Schemas): JsonObject => {
  const all = [...used.map(({ node, ...rest }) => ({ name: node.argument, ...rest }))];
  if (body) all.push({ name: body.node.argument, schema: body.schema, required: body.required });
  const required = all.filter((each) => each.required).map(({ name }) => name);
  const root = {
    type: 'object',
    properties: Object.fromEntries(all.map(({ name, schema }) => [name, schema])),
    ...(required.length === 0 ? {} : { required }),
    // An argument that goes nowhere is a mistake that the caller must hear of.
    additionalProperties: false,
  };
  return schemas.assembled(root, 'request').schema;
};

/** The literal parts of a path as they stand in a URL. */
const literal = (text: string): string =>
  encodeURI(text)
    .replaceAll(/%25([0-9a-fA-F]{2})/g, '%$1')
    .replaceAll('?', '%3F')
    .replaceAll('#', '%23');

/** Texts, and indices of path parameters; a name in braces that nothing declares is handed to `onUndeclared`. */
const pathPieces = (
  template: string,
  used: readonly Argument[],
  onUndeclared: (name: string) => void,
): readonly (string | number)[] =>
  template
    .split(/(\{[^{}]*\})/)
    .filter((piece) => piece !== '')
    .map((piece) => {
      if (!piece.startsWith('{')) return literal(piece);
      const name = piece.slice(1, -1);
      const index = used.findIndex(({ node }) => node.in === 'path' && node.name === name);
      if (index < 0) onUndeclared(name);
      return index;
    });

/** Whether a parameter of the path is nowhere in it. */
const isUnused =
  (template: string): IsKept =>
  (place, name) =>
    place === 'path' && !template.includes(`{${name}}`);

/** The tool and request of an operation. Findings are told through `references`. */
export const compileOperation = (
  operation: Operation,
  references: References,
  schemas: Schemas,
  isKept: IsKept,
): OpenApiOperationNode => {
  const { method, template, pathItem, found } = operation;
  const isLeftOut: IsKept = (place, name) => isKept(place, name) || isUnused(template)(place, name);
  const used = argumentsOf(declaredParameters(pathItem, found, references), schemas, isLeftOut);
  const takesBody = method !== 'GET' && method !== 'HEAD';
  const body = takesBody ? requestBody(found, bodyArgument(used), references, schemas) : undefined;
  const { accept, outputSchema } = responsesOf(found, references, schemas);
  const path = pathPieces(template, used, (parameter) =>
    references.once([...found.path, 'parameters', parameter], (report) =>
      report('GW3078', references.document.placeOf(['paths', template]), { parameter, id: operation.id }),
    ),
  );
  const title = textOf(found.value, 'summary');
  const tool = {
    name: toolName(operation.id),
    ...given('title', title),
    ...given('description', descriptionOf(found)),
    inputSchema: inputSchema(used, body, schemas),
    ...given('outputSchema', isJsonObject(outputSchema) ? outputSchema : undefined),
    annotations: annotationsOf(method),
  };
  return {
    name: tool.name,
    tool: JSON.stringify(tool),
    method,
    path,
    parameters: used.map(({ node }) => node),
    ...given('body', body?.node),
    accept,
    idempotent: IDEMPOTENT.has(method),
  };
};
