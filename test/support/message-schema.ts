/** Holds single JSON-RPC messages against the published schema of their revision. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { taskResultFaults } from './task-schema.ts';

/** Revisions whose messages can be checked, oldest first. */
export const REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'] as const;

export type Revision = (typeof REVISIONS)[number];

/** The first revision without sessions. */
export const MODERN: Revision = '2026-07-28';

/** Who said something. */
export type Side = 'client' | 'server';

export interface MessageContext {
  readonly from: Side;
  /** The method of the request that a response answers; absent where the request is unknown. */
  readonly answers?: string | undefined;
}

type JsonObject = Readonly<Record<string, unknown>>;

interface Definition {
  readonly $ref?: string;
  readonly anyOf?: readonly Definition[];
  readonly allOf?: readonly Definition[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Definition>>;
}

/** The schema of one revision, by what it says of methods and codes. */
interface MessageSchema {
  readonly definitions: Readonly<Record<string, Definition>>;
  /** Methods that a side may send, to the definition of their message. */
  readonly requests: Readonly<Record<Side, ReadonlyMap<string, string>>>;
  readonly notifications: Readonly<Record<Side, ReadonlyMap<string, string>>>;
  /** Error codes that have a definition of their own. */
  readonly errors: ReadonlyMap<number, string>;
  validator(definition: string): ValidateFunction;
}

const MAX_FAULTS = 6;
const ENVELOPES: readonly (readonly string[])[] = [
  ['jsonrpc', 'id', 'method', 'params'],
  ['jsonrpc', 'id', 'result'],
  ['jsonrpc', 'id', 'error'],
];
/** Requests that may be answered with `input_required` (MCP 2026-07-28, basic/patterns/mrtr). */
const MAY_ASK = ['tools/call', 'prompts/get', 'resources/read'];
/** Codes of older revisions that must not be emitted any more (MCP 2026-07-28, basic, Error Codes). */
const RETIRED_CODES = [-32002, -32042];

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Numbers in forms: generated as integers in two revisions whose text and examples allow any number. */
const withRealNumbers = (definitions: Record<string, Definition>): void => {
  const number = definitions.NumberSchema?.properties as Record<string, { type?: string }> | undefined;
  for (const name of ['minimum', 'maximum', 'default'])
    if (number?.[name]?.type === 'integer') number[name].type = 'number';
};

const methodsOf = (
  definitions: Readonly<Record<string, Definition>>,
  union: string,
): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  const definition = definitions[union];
  for (const member of definition?.anyOf ?? (definition === undefined ? [] : [definition])) {
    const name = member.$ref?.split('/').at(-1) ?? union;
    const method = definitions[name]?.properties?.method?.const;
    if (typeof method === 'string') found.set(method, name);
  }
  return found;
};

const errorsOf = (definitions: Readonly<Record<string, Definition>>): ReadonlyMap<number, string> => {
  const found = new Map<number, string>();
  for (const [name, { properties }] of Object.entries(definitions))
    for (const part of properties?.error?.allOf ?? []) {
      const code = part.properties?.code?.const;
      if (typeof code === 'number') found.set(code, name);
    }
  return found;
};

const loadSchema = (revision: Revision): MessageSchema => {
  const file = join(import.meta.dirname, '..', 'mcp', revision, 'schema.json');
  const schema = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const key = '$defs' in schema ? '$defs' : 'definitions';
  const definitions = schema[key] as Record<string, Definition>;
  withRealNumbers(definitions);
  const ajv = new (key === '$defs' ? Ajv2020 : Ajv)({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const id = `mcp:${revision}`;
  ajv.addSchema({ ...schema, $id: id });
  const compiled = new Map<string, ValidateFunction>();
  return {
    definitions,
    requests: {
      client: methodsOf(definitions, 'ClientRequest'),
      server: methodsOf(definitions, 'ServerRequest'),
    },
    notifications: {
      client: methodsOf(definitions, 'ClientNotification'),
      server: methodsOf(definitions, 'ServerNotification'),
    },
    errors: errorsOf(definitions),
    validator: (definition) => {
      const known = compiled.get(definition) ?? ajv.compile({ $ref: `${id}#/${key}/${definition}` });
      compiled.set(definition, known);
      return known;
    },
  };
};

const loaded = new Map<Revision, MessageSchema>();

const schemaOf = (revision: Revision): MessageSchema => {
  const schema = loaded.get(revision) ?? loadSchema(revision);
  loaded.set(revision, schema);
  return schema;
};

const against = (schema: MessageSchema, definition: string, value: unknown): string[] => {
  const validate = schema.validator(definition);
  if (validate(value)) return [];
  const faults = (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${definition}${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  return faults.slice(0, MAX_FAULTS);
};

const envelopeFaults = (message: JsonObject): string[] => {
  const kind = 'method' in message ? 0 : 'result' in message ? 1 : 2;
  const strange = Object.keys(message).filter((key) => !ENVELOPES[kind]!.includes(key));
  return strange.length === 0 ? [] : [`no message of its kind has ${strange.join(', ')}`];
};

const callFaults = (schema: MessageSchema, message: JsonObject, from: Side): string[] => {
  const method = String(message.method);
  const kind = 'id' in message ? 'requests' : 'notifications';
  const definition = schema[kind][from].get(method);
  if (definition === undefined) return [`${method} is none of the ${kind} that a ${from} sends`];
  return against(schema, definition, message);
};

/** What answers a request: the result of its own name, or none where the schema has none. */
const resultDefinition = (schema: MessageSchema, method: string): string => {
  for (const side of ['client', 'server'] as const) {
    const request = schema.requests[side].get(method);
    if (request === undefined) continue;
    const result = `${request.slice(0, -'Request'.length)}Result`;
    return result in schema.definitions ? result : 'EmptyResult';
  }
  return 'Result';
};

const inputRequiredFaults = (schema: MessageSchema, result: JsonObject, method: string): string[] => {
  const faults = against(schema, 'InputRequiredResult', result);
  if (!MAY_ASK.includes(method)) faults.push(`${method} must not ask for input`);
  if (result.inputRequests === undefined && result.requestState === undefined)
    faults.push('input_required needs inputRequests or requestState');
  if ('ttlMs' in result || 'cacheScope' in result) faults.push('input_required has no cache hints');
  return faults;
};

const resultFaults = (
  revision: Revision,
  schema: MessageSchema,
  result: unknown,
  { answers, from }: MessageContext,
): string[] => {
  if (answers === undefined) return against(schema, 'Result', result);
  if (!isObject(result)) return ['a result is an object'];
  const isTask = revision === '2025-11-25' && answers === 'tools/call' && 'task' in result;
  const definition = isTask ? 'CreateTaskResult' : resultDefinition(schema, answers);
  if (revision !== MODERN) {
    const faults = against(schema, definition, result);
    if (from === 'server' && 'resultType' in result)
      faults.push('a result of this revision has no resultType');
    const extra = Object.keys(result).filter((key) => key !== '_meta');
    if (definition === 'EmptyResult' && extra.length > 0)
      faults.push(`the result of ${answers} is empty, it has ${extra.join(', ')}`);
    return faults;
  }
  if (result.resultType === 'input_required') return inputRequiredFaults(schema, result, answers);
  const ofTask = taskResultFaults(answers, result);
  if (ofTask !== undefined) return ofTask;
  const faults = against(schema, definition, result);
  if (result.resultType !== 'complete') faults.push(`resultType ${String(result.resultType)} is unknown`);
  return faults;
};

const isReserved = (code: number): boolean => code <= -32020 && code >= -32099;

/**
 * Revisions before 2025-11-25 have no form for an error that answers no readable request, though they prescribe
 * HTTP errors that may carry one: it is held against the form that 2025-11-25 gave it.
 */
const errorFaults = (revision: Revision, message: JsonObject): string[] => {
  const code = (message.error as { code?: unknown } | null)?.code;
  if (!('id' in message) && revision < '2025-11-25')
    return against(schemaOf('2025-11-25'), 'JSONRPCErrorResponse', message);
  const schema = schemaOf(revision);
  const general = 'JSONRPCErrorResponse' in schema.definitions ? 'JSONRPCErrorResponse' : 'JSONRPCError';
  const own = typeof code === 'number' ? schema.errors.get(code) : undefined;
  const faults = against(schema, own ?? general, message);
  if (revision !== MODERN || typeof code !== 'number') return faults;
  if (own === undefined && isReserved(code)) faults.push(`error code ${code} is reserved`);
  if (RETIRED_CODES.includes(code)) faults.push(`error code ${code} is retired`);
  return faults;
};

/**
 * What is wrong with one message (no batch) of a revision; nothing if it is empty. A request or notification is
 * held against the definition of its method, a result against that of the request it answers, an error against
 * that of its code. Stricter than the schema: only methods that the side may send, no strange members around a
 * message, nothing but `_meta` in an empty result.
 */
export const messageFaults = (revision: Revision, message: unknown, context: MessageContext): string[] => {
  if (!isObject(message)) return ['a message is an object'];
  const schema = schemaOf(revision);
  const faults = envelopeFaults(message);
  if ('method' in message) return [...faults, ...callFaults(schema, message, context.from)];
  if ('error' in message) return [...faults, ...errorFaults(revision, message)];
  if (!('result' in message)) return ['neither a request nor a notification nor a response'];
  const general = 'JSONRPCResultResponse' in schema.definitions ? 'JSONRPCResultResponse' : 'JSONRPCResponse';
  return [
    ...faults,
    ...against(schema, general, message),
    ...resultFaults(revision, schema, message.result, context),
  ];
};
