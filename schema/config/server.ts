/** `servers`: the virtual MCP servers that callers see. */
import { type Static, Type } from 'typebox';
import { labels } from './labels.ts';
import {
  closed,
  count,
  flag,
  headerName,
  listOf,
  nameOf,
  oneOf,
  optional,
  pattern,
  size,
  urlPath,
} from './value.ts';

/** Protocol revisions that can be served, newest first. */
export const PROTOCOL_VERSIONS = ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'] as const;

const selection = (what: string, item: string) =>
  closed(
    {
      allow: optional(
        listOf(pattern({ description: `A name or glob of the upstream's ${what}.` }), {
          description: `Which ${what} are exposed, by ${item} at the upstream; all if absent.`,
          minItems: 1,
        }),
      ),
    },
    { description: `Which ${what} are exposed.` },
  );

const renamable = (what: string) =>
  closed(
    {
      allow: optional(
        listOf(pattern({ description: `A name or glob of the upstream's ${what}.` }), {
          description: `Which ${what} are exposed, by name at the upstream; all if absent.`,
          minItems: 1,
        }),
      ),
      rename: optional(
        Type.Record(
          Type.String({ pattern: '^[^$].{0,255}$' }),
          Type.String({ pattern: '^[A-Za-z0-9_.-]{1,128}$' }),
          {
            additionalProperties: false,
            description: `From the upstream's name to the final name, which takes no prefix.`,
            examples: [{ get_me: 'whoami' }],
          },
        ),
      ),
    },
    { description: `Which ${what} are exposed, and under which names.` },
  );

const Tools = closed(
  {
    ...renamable('tools').properties,
    labels: optional(
      Type.Record(
        Type.String({ pattern: '^[^$].{0,255}$' }),
        labels({ description: 'Labels and their values.' }),
        {
          additionalProperties: false,
          description:
            "Labels of tools, by name or glob of the upstream's: what policies may ask as `tool.labels`. They are laid over those of the upstream; where several entries fit, over those of the shorter ones.",
          examples: [{ 'invoice_*': { dept: 'finance' } }],
        },
      ),
    ),
  },
  { description: 'Which tools are exposed, and under which names.' },
);

const orNone = <S extends Parameters<typeof Type.Union>[0][number]>(schema: S, what: string) =>
  optional(
    Type.Union([schema, Type.Literal(false)], {
      description: `Which ${what} are exposed: all if absent, none if \`false\`.`,
    }),
  );

/** One upstream's share in a server. */
export const Expose = closed(
  {
    upstream: nameOf('upstreams', { description: 'A name in `upstreams`.' }),
    prefix: optional(
      Type.String({
        pattern: '^[A-Za-z0-9_.-]{0,64}$',
        description: 'Put before the names of tools and prompts.',
        default: '',
        examples: ['gh_'],
      }),
    ),
    tools: orNone(Tools, 'tools'),
    prompts: orNone(renamable('prompts'), 'prompts'),
    resources: orNone(selection('resources', 'URI'), 'resources'),
    extensions: optional(
      Type.Record(
        Type.String({
          pattern: '^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253})/[A-Za-z0-9](?:[A-Za-z0-9._-]{0,127})$',
        }),
        listOf(
          Type.String({
            pattern: '^[A-Za-z0-9_.-]{1,64}(?:/[A-Za-z0-9_.-]{1,64}){1,4}$',
            description: 'A method.',
          }),
          {
            description: 'Methods of the extension.',
            minItems: 1,
          },
        ),
        {
          additionalProperties: false,
          description:
            'Methods of extensions that go to this upstream, by extension. No other method than those of the protocol is served; tasks and MCP Apps need no entry.',
          examples: [{ 'com.example/catalog': ['catalog/search'] }],
        },
      ),
    ),
  },
  { description: "One upstream's share in a server." },
);

const Features = closed(
  {
    tools: optional(flag({ description: 'Tools.', default: true })),
    resources: optional(flag({ description: 'Resources.', default: true })),
    prompts: optional(flag({ description: 'Prompts.', default: true })),
    completions: optional(flag({ description: 'Completion of arguments.', default: true })),
    logging: optional(flag({ description: 'Log messages of upstreams.', default: true })),
    sampling: optional(flag({ description: "Upstreams may ask for the client's model.", default: true })),
    elicitation: optional(flag({ description: 'Upstreams may ask the user.', default: true })),
    roots: optional(flag({ description: "Upstreams may ask for the client's roots.", default: true })),
    tasks: optional(flag({ description: 'Calls of tools may go on as tasks.', default: true })),
  },
  { description: 'A ceiling over what all upstreams offer; what is off does not exist.', default: {} },
);

const Lists = closed(
  {
    pageItems: optional(
      count({
        description: 'The most items on a page; what is more follows by `nextCursor`.',
        default: 1000,
        maximum: 100_000,
        examples: [100],
      }),
    ),
    pageBytes: optional(
      size({
        description: 'The largest page, but for one of a single item.',
        default: '1MiB',
        examples: ['256KiB'],
      }),
    ),
    paramHeaders: optional(
      oneOf(['keep', 'strip'], {
        description:
          'Whether tools keep `x-mcp-header`, by which callers mirror arguments in headers. `strip` is for clients in browsers, which do not: the gateway then mirrors for them.',
        default: 'keep',
      }),
    ),
  },
  { description: 'How lists of tools, prompts, resources and templates are told.', default: {} },
);

export const Server = closed(
  {
    at: listOf(
      closed(
        {
          listener: nameOf('listeners', { description: 'A name in `listeners`.' }),
          path: optional(urlPath({ description: 'The path of the MCP endpoint.', default: '/mcp' })),
        },
        { description: 'A place where the server is found.' },
      ),
      {
        description: 'Where the server is found.',
        minItems: 1,
        'x-merge-key': 'listener',
        examples: [[{ listener: 'edge', path: '/mcp' }]],
      },
    ),
    identity: optional(
      listOf(nameOf('identity', { description: 'A name in `identity`.' }), {
        description: 'Who may call: any of these. Either this or `anonymous: true`.',
        minItems: 1,
      }),
    ),
    anonymous: optional(
      flag({
        description: 'Anybody may call; spelt out or not at all.',
        default: false,
        'x-literal': true,
      }),
    ),
    protocol: optional(
      closed(
        {
          versions: optional(
            listOf(oneOf(PROTOCOL_VERSIONS, { description: 'A protocol revision.' }), {
              description: 'Protocol revisions served.',
              default: [...PROTOCOL_VERSIONS],
              minItems: 1,
            }),
          ),
          legacySse: optional(
            flag({
              description:
                'HTTP+SSE, the transport of 2024-11-05, beside the endpoint: a GET of `<path>/sse` opens the stream, ' +
                'which names `<path>/messages` to post to. Clients choose among 2024-11-05 and the legacy revisions in ' +
                '`versions`.',
              default: false,
              'x-literal': true,
            }),
          ),
          websocket: optional(
            flag({
              description:
                'WebSocket at `<path>/ws`, with the subprotocol `mcp` and one JSON-RPC message in each text frame, for ' +
                'the legacy revisions in `versions`. In no revision of MCP: for clients that were made for it.',
              default: false,
              'x-literal': true,
            }),
          ),
        },
        { description: 'Protocol revisions and further transports.', default: {} },
      ),
    ),
    oauth: optional(
      closed(
        {
          scopes: optional(
            listOf(Type.String({ minLength: 1, description: 'A scope.' }), {
              description:
                'Scopes that a token needs; named in challenges and in the resource metadata (RFC 9728).',
              default: [],
            }),
          ),
        },
        { description: 'OAuth details of a server with `jwt` identities.', default: {} },
      ),
    ),
    expose: listOf(Expose, {
      description:
        'What the server is made of. Order decides the order of lists, and which upstream keeps a name or URI that several have: a URI of the others gets the name of its upstream behind the scheme. Where an upstream brings user interfaces (MCP Apps), tools of the others are told as for the model alone, unless they say themselves whom they are for: two upstreams with interfaces that must not reach each other belong to two servers.',
      minItems: 1,
      'x-merge-key': 'upstream',
    }),
    features: optional(Features),
    lists: optional(Lists),
    headers: optional(
      closed(
        {
          deadline: optional(
            headerName({
              description:
                'The header in which a caller may tell how many milliseconds it waits for the answer to a call. No time that is declared here gets longer by it, and an upstream that is too slow for the caller alone has not failed (`breaker.givenUpAfter` of the upstream). What is no whole number is taken for none.',
              examples: ['x-envoy-expected-rq-timeout-ms'],
            }),
          ),
        },
        { description: 'Headers of callers that are for the gateway.', default: {} },
      ),
    ),
    provenance: optional(
      flag({
        description:
          'Label results, and the items of lists, with the name of their upstream: `io.gatewright/upstream` in `_meta`.',
        default: false,
      }),
    ),
    policies: optional(
      listOf(nameOf('policies', { description: 'A name in `policies`.' }), {
        description: 'Policies that a call must pass, all of them.',
        default: [],
      }),
    ),
    limits: optional(
      listOf(nameOf('limits', { description: 'A name in `limits`.' }), {
        description: 'Limits on calls.',
        default: [],
      }),
    ),
    labels: optional(
      labels({
        description: 'What policies may ask as `server.labels`.',
        examples: [{ stage: 'production' }],
      }),
    ),
    instructions: optional(
      Type.String({
        description: "Instructions given to clients instead of the upstreams'.",
        maxLength: 20_000,
      }),
    ),
  },
  { description: 'A virtual MCP server.' },
);

export type Expose = Static<typeof Expose>;
export type Server = Static<typeof Server>;
