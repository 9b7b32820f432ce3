/** `upstreams.*` of type `openapi`: an HTTP API whose operations become tools. */

import { type Static, Type } from 'typebox';
import {
  closed,
  count,
  egressRange,
  httpUrl,
  inputFile,
  listOf,
  oneOf,
  optional,
  pattern,
  secret,
  unionByType,
} from '../value.ts';
import { headersTowards } from './headers.ts';
import { tlsTowards } from './tls.ts';
import { ApiHealth, Breaker, balance, Concurrency, HedgedRetry, Timeouts, Waiting } from './traffic.ts';
import { Trust } from './trust.ts';
import { UpstreamLabels } from './upstream-labels.ts';

const Bearer = closed(
  {
    type: Type.Literal('bearer', { description: 'A fixed bearer token.' }),
    token: secret({ description: 'The token.', examples: ['${env:API_TOKEN}'] }),
  },
  { description: 'A fixed bearer token.' },
);

const ApiKey = closed(
  {
    type: Type.Literal('api-key', { description: 'A key in a header or in the query.' }),
    in: oneOf(['header', 'query'], { description: 'Where the API looks for it.' }),
    name: Type.String({
      description: 'The name of the header or query parameter.',
      pattern: '^[A-Za-z0-9_.-]+$',
      examples: ['x-api-key'],
    }),
    key: secret({ description: 'The key.', examples: ['${env:API_KEY}'] }),
  },
  { description: 'A key in a header or in the query.' },
);

const Basic = closed(
  {
    type: Type.Literal('basic', { description: 'A user name and a password (RFC 7617).' }),
    username: Type.String({ description: 'The user name.' }),
    password: secret({ description: 'The password.', examples: ['${file:/run/secrets/api-password}'] }),
  },
  { description: 'A user name and a password (RFC 7617).' },
);

export const OpenApiUpstream = closed(
  {
    type: Type.Literal('openapi', { description: 'An HTTP API whose operations become tools.' }),
    spec: inputFile({
      description:
        'The OpenAPI document, 3.0 or 3.1, in JSON or YAML. It is read when the configuration is compiled. Schemas that a tool refers to are told and checked up to 32 KiB; what lies deeper is left to the API.',
      examples: ['./billing.openapi.yaml'],
    }),
    operations: optional(
      listOf(pattern({ description: 'An `operationId`, or a pattern of some.' }), {
        description: 'The operations that become tools. Absent: all that have an `operationId`.',
        minItems: 1,
        examples: [['listInvoices', 'get*']],
      }),
    ),
    baseUrl: optional(
      httpUrl({
        description:
          "What the document's paths are appended to. Absent: the first of the document's `servers`, with the defaults of its variables.",
        examples: ['https://api.example.com/v1'],
      }),
    ),
    endpoints: optional(
      listOf(httpUrl({ description: 'A base URL.' }), {
        description:
          'Several base URLs of the same API, in place of `baseUrl`. A call that could not be sent to one is sent to another.',
        minItems: 1,
        maxItems: 32,
        examples: [['https://api-1.example.com/v1', 'https://api-2.example.com/v1']],
      }),
    ),
    balance: optional(balance()),
    health: optional(ApiHealth),
    credentials: optional(
      unionByType([Bearer, ApiKey, Basic], {
        description: "What the gateway shows to the API. The caller's own token is never sent.",
      }),
    ),
    headers: optional(
      headersTowards('Headers towards the API; no tool has an argument for one that stands here.'),
    ),
    egress: optional(
      closed(
        {
          allow: optional(
            listOf(egressRange({ description: '`public`, an address or a range.' }), {
              description:
                "Addresses that connections may be made to, whatever a name resolves to. `public` is the public internet. Link-local addresses and those of clouds' metadata services are never connected to.",
              default: ['public'],
              minItems: 1,
              examples: [['public', '10.20.0.0/16']],
            }),
          ),
        },
        { description: 'Where connections may go.', default: {} },
      ),
    ),
    tls: optional(tlsTowards('the API')),
    connections: optional(
      count({
        description:
          'Connections kept to an endpoint at most, in each thread. From eight on one caller uses seven eighths of them at most; the rest is left to others.',
        default: 128,
        maximum: 10_000,
      }),
    ),
    waiting: optional(Waiting),
    timeouts: optional(Timeouts),
    retry: optional(HedgedRetry),
    breaker: optional(Breaker),
    concurrency: optional(Concurrency),
    labels: optional(UpstreamLabels),
    trust: optional(Trust),
  },
  { description: 'An HTTP API whose operations become tools.' },
);

export type OpenApiUpstream = Static<typeof OpenApiUpstream>;
