/** `listeners`: where traffic comes in. */
import type { Static } from 'typebox';
import { Type } from 'typebox';
import { ResponseHeaders } from './response-headers.ts';
import {
  bindAddress,
  calendarDate,
  cidr,
  closed,
  count,
  duration,
  flag,
  host,
  httpUrl,
  listOf,
  nameOf,
  oneOf,
  optional,
  origin,
  rate,
  secret,
  size,
} from './value.ts';

const Tls = closed(
  {
    certificate: secret({ description: 'PEM certificate chain.', examples: ['${file:/run/tls/tls.crt}'] }),
    key: secret({ description: 'PEM private key.', examples: ['${file:/run/tls/tls.key}'] }),
    minVersion: optional(
      oneOf(['1.2', '1.3'], { description: 'The oldest TLS version accepted.', default: '1.3' }),
    ),
  },
  { description: 'Serve TLS. Without it the listener speaks clear text.' },
);

const WellKnown = closed(
  {
    securityTxt: optional(
      closed(
        {
          contact: Type.String({
            description: 'A URI to report a weakness to.',
            pattern: '^(https://|mailto:|tel:)[^\\s]+$',
            examples: ['mailto:security@example.com'],
          }),
          expires: calendarDate({
            description: 'The day after which the file must not be trusted.',
            examples: ['2027-06-30'],
          }),
        },
        { description: 'Serves /.well-known/security.txt (RFC 9116).' },
      ),
    ),
    robotsTxt: optional(
      oneOf(['deny', 'allow'], {
        description: 'Serves /robots.txt that denies or allows all crawlers.',
        examples: ['deny'],
      }),
    ),
  },
  { description: 'Well-known documents of this listener.' },
);

/** What no tool needs, and what a body of the usual size cannot exceed. */
export const DEFAULT_JSON = { items: 50_000, length: 4 * 1024 * 1024 };

const Sizes = closed(
  {
    body: optional(
      size({ description: 'The largest request body; a larger one is answered 413.', default: '4MiB' }),
    ),
    headers: optional(
      size({
        description: 'The largest request header block; a larger one is answered 431.',
        default: '32KiB',
      }),
    ),
    json: optional(
      closed(
        {
          depth: optional(
            count({ description: 'The deepest nesting of a JSON body.', default: 64, maximum: 1000 }),
          ),
          items: optional(
            count({
              description: 'The items of all arrays and the members of all objects of a JSON body, together.',
              default: DEFAULT_JSON.items,
            }),
          ),
          length: optional(
            count({
              description: 'The characters of one string of a JSON body, as they are sent.',
              default: DEFAULT_JSON.length,
            }),
          ),
        },
        { description: 'Bounds on JSON bodies.', default: {} },
      ),
    ),
  },
  { description: 'Bounds on what a client may send.', default: {} },
);

/** New TLS connections of one address. */
export const DEFAULT_HANDSHAKES = '100/s';

const Connections = closed(
  {
    max: optional(count({ description: 'Open connections in all.', default: 10_000 })),
    perAddress: optional(
      count({
        description: 'Open connections of one client address, which for IPv6 is its /64.',
        default: 200,
      }),
    ),
    headerTimeout: optional(
      duration({ description: 'Time for a request header to arrive whole.', default: '10s' }),
    ),
    bodyTimeout: optional(
      duration({ description: 'Time for a request body to arrive whole.', default: '30s' }),
    ),
    idleTimeout: optional(
      duration({ description: 'How long an unused connection is kept.', default: '75s' }),
    ),
    handshakes: optional(
      rate({
        description:
          'New TLS connections of one client address, which cost more than any request. Twice as many may come at once, over all threads. An IPv6 client is counted by its /64.',
        default: DEFAULT_HANDSHAKES,
      }),
    ),
  },
  { description: 'Bounds on connections.', default: {} },
);

/** A socket that is listened on. */
export const Listener = closed(
  {
    bind: bindAddress({
      description: 'Address and port, or `unix:` and a path.',
      examples: ['127.0.0.1:8080', 'unix:/run/gatewright.sock'],
    }),
    url: optional(
      httpUrl({
        description:
          'The listener as callers see it: token audience, resource metadata, allowed host. By default made from `bind`.',
        'x-literal': true,
        examples: ['https://mcp.example.com'],
      }),
    ),
    http: optional(
      listOf(oneOf(['http/1.1', 'h2'], { description: 'An HTTP version.' }), {
        description: 'HTTP versions offered; `h2` needs `tls`.',
        default: ['http/1.1'],
        minItems: 1,
      }),
    ),
    tls: optional(Tls),
    hosts: optional(
      listOf(host({ description: 'A host name, with or without port.' }), {
        minItems: 1,
        description:
          'Values of `Host` that are served (against DNS rebinding). By default the host of `url`, and the loopback names for a loopback `bind`. `health` and `metrics` are also served by any IP address, as probes ask for them: no name is rebound there.',
        examples: [['mcp.example.com']],
      }),
    ),
    origins: optional(
      listOf(origin({ description: 'A web origin.' }), {
        description:
          "Web origins that may call: the Origin allowlist and CORS in one place. A request without Origin is no browser's and passes. By default the origin of `url`, and loopback origins for a loopback `bind`.",
        examples: [['https://app.example.com']],
      }),
    ),
    trustedProxies: optional(
      listOf(cidr({ description: 'An address range.' }), {
        description: 'Peers whose Forwarded and X-Forwarded-For headers name the client.',
        default: [],
      }),
    ),
    ip: optional(
      closed(
        {
          allow: optional(
            listOf(cidr({ description: 'An address range.' }), {
              description: 'Client addresses served; all if absent.',
            }),
          ),
          deny: optional(
            listOf(cidr({ description: 'An address range.' }), {
              description: 'Client addresses refused, whatever `allow` says.',
              default: [],
            }),
          ),
        },
        { description: 'Client addresses that may connect.', default: {} },
      ),
    ),
    headers: optional(ResponseHeaders),
    sizes: optional(Sizes),
    connections: optional(Connections),
    wellKnown: optional(WellKnown),
    serve: optional(
      listOf(
        oneOf(['health', 'metrics', 'status', 'reload', 'revoke'], { description: 'An operations service.' }),
        {
          description: 'Makes this the operations listener and names its services. It serves no MCP.',
          minItems: 1,
          examples: [['health', 'metrics', 'status', 'reload']],
        },
      ),
    ),
    identity: optional(
      listOf(nameOf('identity', { description: 'A name in `identity`.' }), {
        description: 'Who may use an operations listener, except `health`. Needed once it leaves loopback.',
        minItems: 1,
      }),
    ),
    anonymous: optional(
      flag({
        description: 'Admits anybody to an operations listener beyond loopback; spelt out or an error.',
        default: false,
        'x-literal': true,
      }),
    ),
  },
  { description: 'A socket that is listened on.' },
);

export type Listener = Static<typeof Listener>;
