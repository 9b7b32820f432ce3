/**
 * The environments that expressions are written against. One table serves the evaluator, which reads the
 * attributes, and the compile-time checker, which types them.
 */
import type { CallFacts, Labels } from '../../schema/decision.ts';
import { BOOL, type CelType, DYN, INT, listOf, mapOf, STRING, TIMESTAMP } from './types.ts';

/** What an attribute reads as while it is not known, though it may come to be: `args` in a list. */
export const UNKNOWN = Symbol('unknown');
/** What an attribute reads as where it can never be: `tool.name` of a resources/read. Reading it is an error. */
export const ABSENT = Symbol('absent');

/**
 * Something an expression can name. `read` yields a value that CEL takes as it is; for `dyn` and `map` types
 * it yields JSON, and the expression may name members of it.
 */
export interface CelAttribute<F> {
  readonly type: CelType;
  read(facts: F): unknown;
}

/** A group of attributes, such as `tool` or `tool.annotations`. It has no value of its own. */
export interface CelGroup<F> {
  readonly fields: ReadonlyMap<string, CelAttribute<F> | CelGroup<F>>;
}

/** The names that expressions of one kind may use. */
export interface CelEnvironment<F> extends CelGroup<F> {
  readonly name: 'call' | 'claims' | 'response';
}

/** What `claims` expressions are evaluated on. */
export interface ClaimsFacts {
  readonly claims: Readonly<Record<string, unknown>>;
}

const attribute = <F>(type: CelType, read: (facts: F) => unknown): CelAttribute<F> => ({ type, read });

const group = <F>(fields: Readonly<Record<string, CelAttribute<F> | CelGroup<F>>>): CelGroup<F> => ({
  fields: new Map(Object.entries(fields)),
});

const call = (type: CelType, read: (facts: CallFacts) => unknown) => attribute<CallFacts>(type, read);

/** Attributes of a fact that is there only for some calls. */
const partOf =
  <P>(pick: (facts: CallFacts) => P | undefined, appliesTo: (method: string) => boolean) =>
  (type: CelType, read: (part: P) => unknown) =>
    call(type, (facts) => {
      const part = pick(facts);
      if (part !== undefined) return read(part);
      return appliesTo(facts.call.method) ? UNKNOWN : ABSENT;
    });

const RESOURCE_METHODS: ReadonlySet<string> = new Set([
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
]);
const ARGUMENT_METHODS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'completion/complete']);

const ofUpstream = partOf(
  (facts) => facts.upstream,
  (method) => ARGUMENT_METHODS.has(method) || RESOURCE_METHODS.has(method),
);
const ofTool = partOf(
  (facts) => facts.tool,
  (method) => method === 'tools/call',
);
const ofResource = partOf(
  (facts) => facts.resource,
  (method) => RESOURCE_METHODS.has(method),
);
const ofPrompt = partOf(
  (facts) => facts.prompt,
  (method) => method === 'prompts/get',
);

const LABELS = mapOf(STRING, STRING);
const NO_LABELS: Labels = Object.freeze({});

const NO_ARGUMENTS = Object.freeze({});
const readArguments = (facts: CallFacts): unknown => {
  if (facts.args !== undefined) return facts.args;
  return ARGUMENT_METHODS.has(facts.call.method) ? UNKNOWN : NO_ARGUMENTS;
};

const readNow = (facts: CallFacts): unknown => {
  const seconds = Math.floor(facts.nowMs / 1000);
  const nanos = Math.floor(facts.nowMs - seconds * 1000) * 1_000_000;
  return { $typeName: 'google.protobuf.Timestamp', seconds: BigInt(seconds), nanos };
};

/** What conditions, bindings and keys of limits see of a call. */
export const CALL_ENVIRONMENT: CelEnvironment<CallFacts> = {
  name: 'call',
  ...group<CallFacts>({
    principal: group({
      id: call(STRING, (facts) => facts.principal.id),
      kind: call(STRING, (facts) => facts.principal.kind),
      identity: call(STRING, (facts) => facts.principal.identity),
      roles: call(listOf(STRING), (facts) => facts.principal.roles),
      tenant: call(STRING, (facts) => facts.principal.tenant),
      assurance: call(INT, (facts) => BigInt(facts.principal.assurance)),
      claims: call(mapOf(STRING, DYN), (facts) => facts.principal.claims),
      scopes: call(listOf(STRING), (facts) => facts.principal.scopes),
    }),
    client: group({
      address: call(STRING, (facts) => facts.client.address),
      userAgent: call(STRING, (facts) => facts.client.userAgent),
      name: call(STRING, (facts) => facts.client.name),
      version: call(STRING, (facts) => facts.client.version),
      era: call(STRING, (facts) => facts.client.era),
    }),
    server: group({
      name: call(STRING, (facts) => facts.server.name),
      labels: call(LABELS, (facts) => facts.server.labels ?? NO_LABELS),
    }),
    upstream: group({
      name: ofUpstream(STRING, (upstream) => upstream.name),
      labels: ofUpstream(LABELS, (upstream) => upstream.labels ?? NO_LABELS),
    }),
    call: group({
      method: call(STRING, (facts) => facts.call.method),
      name: call(STRING, (facts) => facts.call.name),
      id: call(STRING, (facts) => facts.call.id),
    }),
    tool: group({
      name: ofTool(STRING, (tool) => tool.name),
      upstream: ofTool(STRING, (tool) => tool.upstream),
      annotations: group({
        title: ofTool(STRING, (tool) => tool.annotations.title),
        readOnlyHint: ofTool(BOOL, (tool) => tool.annotations.readOnlyHint),
        destructiveHint: ofTool(BOOL, (tool) => tool.annotations.destructiveHint),
        idempotentHint: ofTool(BOOL, (tool) => tool.annotations.idempotentHint),
        openWorldHint: ofTool(BOOL, (tool) => tool.annotations.openWorldHint),
      }),
      labels: ofTool(LABELS, (tool) => tool.labels ?? NO_LABELS),
    }),
    resource: group({
      uri: ofResource(STRING, (resource) => resource.uri),
      mimeType: ofResource(STRING, ({ mimeType }) => (mimeType === '' ? ABSENT : mimeType)),
    }),
    prompt: group({ name: ofPrompt(STRING, (prompt) => prompt.name) }),
    args: call(DYN, readArguments),
    request: group({
      headers: call(mapOf(STRING, STRING), (facts) => facts.request.headers),
      listener: call(STRING, (facts) => facts.request.listener),
      path: call(STRING, (facts) => facts.request.path),
    }),
    now: call(TIMESTAMP, readNow),
  }),
};

/** What the mapping of a token's claims to a principal sees. */
export const CLAIMS_ENVIRONMENT: CelEnvironment<ClaimsFacts> = {
  name: 'claims',
  ...group<ClaimsFacts>({ claims: attribute(mapOf(STRING, DYN), (facts) => facts.claims) }),
};

/** What a condition on answers of an upstream is evaluated on: a JSON-RPC response has a result or an error. */
export interface ResponseFacts {
  readonly result?: unknown;
  readonly error?: unknown;
}

const partOfResponse = (read: (facts: ResponseFacts) => unknown) =>
  attribute<ResponseFacts>(mapOf(STRING, DYN), (facts) => {
    const part = read(facts);
    return typeof part === 'object' && part !== null ? part : ABSENT;
  });

/** What counts as a failure of an upstream sees. */
export const RESPONSE_ENVIRONMENT: CelEnvironment<ResponseFacts> = {
  name: 'response',
  ...group<ResponseFacts>({
    result: partOfResponse(({ result }) => result),
    error: partOfResponse(({ error }) => error),
  }),
};

/** The environment's entry at a path of names; undefined where there is none. */
export const findAttribute = <F>(
  environment: CelGroup<F>,
  path: readonly string[],
): CelAttribute<F> | CelGroup<F> | undefined => {
  let entry: CelAttribute<F> | CelGroup<F> | undefined = environment;
  for (const name of path) {
    if (entry === undefined || !('fields' in entry)) return undefined;
    entry = entry.fields.get(name);
  }
  return entry;
};
