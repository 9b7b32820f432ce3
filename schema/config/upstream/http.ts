/** `upstreams.*` of type `http`: an MCP server behind streamable HTTP. */
import { type Static, Type } from 'typebox';
import { closed, count, httpUrl, listOf, oneOf, optional, secret } from '../value.ts';
import { headersTowards } from './headers.ts';
import { tlsTowards } from './tls.ts';
import { Breaker, balance, Concurrency, Health, HedgedRetry, Timeouts, Waiting } from './traffic.ts';
import { Trust } from './trust.ts';
import { UpstreamLabels } from './upstream-labels.ts';

export const HttpUpstream = closed(
  {
    type: Type.Literal('http', { description: 'An MCP server behind streamable HTTP.' }),
    endpoints: listOf(httpUrl({ description: 'The URL of an MCP endpoint.' }), {
      description:
        'The MCP endpoint, or several of the same server. A call that could not be sent to one is sent to another.',
      minItems: 1,
      maxItems: 32,
      examples: [
        ['https://mcp.example.com/mcp'],
        ['https://mcp-1.example.com/mcp', 'https://mcp-2.example.com/mcp'],
      ],
    }),
    balance: optional(balance(' A legacy session stays with the endpoint that opened it.')),
    health: optional(Health),
    protocol: optional(
      closed(
        {
          era: optional(
            oneOf(['match-client', 'modern', 'legacy'], {
              description:
                'Which era is spoken to it: that of the client where it can be had, or one always.',
              default: 'match-client',
            }),
          ),
        },
        { description: 'Protocol details.', default: {} },
      ),
    ),
    credentials: optional(
      closed(
        {
          type: Type.Literal('bearer', { description: 'A fixed bearer token.' }),
          token: secret({ description: 'The token.', examples: ['${env:UPSTREAM_TOKEN}'] }),
        },
        { description: "What the gateway shows to the upstream. The caller's own token is never sent." },
      ),
    ),
    headers: optional(headersTowards('Headers towards the upstream.')),
    tls: optional(tlsTowards('the upstream')),
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
  { description: 'An MCP server behind streamable HTTP.' },
);

export type HttpUpstream = Static<typeof HttpUpstream>;
