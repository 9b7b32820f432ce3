/** Upstreams of a graph that is read. */
import type {
  ApiCredentials,
  BreakerNode,
  ConcurrencyNode,
  HealthNode,
  HedgeNode,
  HttpUpstreamNode,
  OpenApiBodyNode,
  OpenApiOperationNode,
  OpenApiParameterNode,
  OpenApiUpstreamNode,
  RetryNode,
  StdioUpstreamNode,
  TimeoutsNode,
  UpstreamNode,
} from '../../../schema/graph/upstream.ts';
import {
  byType,
  fields,
  flag,
  list,
  literal,
  number,
  oneOf,
  optional,
  record,
  type Shape,
  text,
} from '../shape.ts';

const traffic = {
  kind: oneOf('upstream'),
  name: literal,
  timeouts: fields<TimeoutsNode>({
    connectMs: number,
    firstByteMs: number,
    callMs: number,
    callMaxMs: number,
    listMs: number,
    idleMs: number,
  }),
  retry: optional(
    fields<RetryNode>({
      maxAttempts: number,
      when: list(oneOf('connect-error', 'http-429', 'http-502', 'http-503', 'http-504')),
      backoff: fields<RetryNode['backoff']>({ baseMs: number, maxMs: number, jitter: oneOf('full', 'none') }),
      onlyIdempotent: flag,
      budget: optional(number),
      hedge: optional(fields<HedgeNode>({ afterMs: number, max: number })),
    }),
  ),
  breaker: optional(
    fields<BreakerNode>({
      consecutive: optional(number),
      errorRate: optional(number),
      windowMs: number,
      minimumCalls: number,
      openForMs: number,
      givenUpAfterMs: optional(number),
      failWhen: optional(literal),
      per: optional(oneOf('tool')),
    }),
  ),
  concurrency: optional(fields<ConcurrencyNode>({ max: number, queue: number })),
  annotations: oneOf('ignore', 'honour'),
};

const web = {
  headers: fields<HttpUpstreamNode['headers']>({
    forward: list(literal),
    set: record(text),
    deadline: optional(literal),
  }),
  tls: fields<HttpUpstreamNode['tls']>({ ca: optional(text) }),
  connections: number,
  waiting: optional(number),
  endpoints: list(text),
  balance: optional(oneOf('failover', 'round-robin', 'least-requests', 'hash(principal.id)')),
  health: optional(fields<HealthNode>({ everyMs: number, unhealthyAfter: number, path: optional(literal) })),
};

const http = fields<HttpUpstreamNode>({
  ...traffic,
  ...web,
  type: oneOf('http'),
  era: oneOf('match-client', 'modern', 'legacy'),
  bearerToken: optional(text),
});

const stdio = fields<StdioUpstreamNode>({
  ...traffic,
  type: oneOf('stdio'),
  command: text,
  args: list(text),
  env: record(text),
  directory: text,
  isolation: oneOf('shared', 'per-principal', 'per-session'),
});

/** A piece of a path: a text, or an index. */
const pathPiece: Shape<string | number> = {
  faultOf: (value, path) =>
    typeof value === 'string' || Number.isInteger(value)
      ? undefined
      : { path, expected: 'a text or a whole number' },
};

const operation = fields<OpenApiOperationNode>({
  name: literal,
  tool: literal,
  method: literal,
  path: list(pathPiece),
  parameters: list(
    fields<OpenApiParameterNode>({
      argument: literal,
      name: literal,
      in: oneOf('path', 'query', 'header', 'cookie'),
      style: oneOf(
        'simple',
        'label',
        'matrix',
        'form',
        'spaceDelimited',
        'pipeDelimited',
        'deepObject',
        'json',
      ),
      explode: flag,
    }),
  ),
  body: optional(
    fields<OpenApiBodyNode>({
      argument: literal,
      mediaType: literal,
      encoding: oneOf('json', 'form', 'multipart', 'text', 'base64'),
      base64Properties: list(literal),
    }),
  ),
  accept: literal,
  idempotent: flag,
});

type CredentialsOf<T extends ApiCredentials['type']> = Extract<ApiCredentials, { readonly type: T }>;

const openapi = fields<OpenApiUpstreamNode>({
  ...traffic,
  ...web,
  type: oneOf('openapi'),
  info: fields<OpenApiUpstreamNode['info']>({ name: literal, version: literal }),
  operations: list(operation),
  credentials: optional(
    byType<ApiCredentials>({
      bearer: fields<CredentialsOf<'bearer'>>({ type: oneOf('bearer'), token: text }),
      'api-key': fields<CredentialsOf<'api-key'>>({
        type: oneOf('api-key'),
        in: oneOf('header', 'query'),
        name: text,
        key: text,
      }),
      basic: fields<CredentialsOf<'basic'>>({ type: oneOf('basic'), username: text, password: text }),
    }),
  ),
  egress: fields<OpenApiUpstreamNode['egress']>({ public: flag, ranges: list(literal) }),
});

export const upstreamShape = byType<UpstreamNode>({ http, stdio, openapi });
