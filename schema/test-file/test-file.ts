/** `*.test.yaml`: unit tests of a configuration. */
import { type Static, Type } from 'typebox';
import {
  closed,
  dateTime,
  type FieldOptions,
  flag,
  listOf,
  named,
  oneOf,
  optional,
} from '../config/value.ts';

const text = (options: FieldOptions) => Type.String({ minLength: 1, ...options });

const anyMapping = (options: FieldOptions) =>
  Type.Record(Type.String({ pattern: '^' }), Type.Unknown(), options);

const names = (description: string) => listOf(text({ description: 'A name.' }), { description });

/** What is asked for. */
const REQUEST = {
  server: optional(
    text({
      description: 'The server that is asked. Not needed where there is only one.',
      examples: ['engineering'],
    }),
  ),
  listener: optional(
    text({
      description: 'The listener it is reached by, where it has several places. The first, by default.',
    }),
  ),
  call: optional(
    text({ description: 'The tool that is called, by its exposed name.', examples: ['gh_get_issue'] }),
  ),
  prompt: optional(text({ description: 'The prompt that is asked for, by its exposed name.' })),
  read: optional(
    text({ description: 'The URI of the resource that is read.', examples: ['file:///data/a'] }),
  ),
  list: optional(
    oneOf(['tools', 'prompts', 'resources', 'templates'], { description: 'The list that is asked for.' }),
  ),
  args: optional(anyMapping({ description: 'The arguments of a call or a prompt.', examples: [{ id: 1 }] })),
  as: optional(
    text({
      description:
        'Who asks: a name in `principals`, or `anonymous` for a request without a credential, which is the default.',
    }),
  ),
  from: optional(
    Type.String({
      pattern: '^[0-9A-Fa-f:.]+$',
      description: 'The address of the peer. `127.0.0.1`, by default.',
      examples: ['10.1.2.3'],
    }),
  ),
  headers: optional(
    Type.Record(Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" }), Type.String(), {
      description: 'Headers of the request.',
      additionalProperties: false,
    }),
  ),
  clock: optional(
    dateTime({
      description: 'When it is asked, where that is not the time of the file.',
      examples: ['2026-11-21T09:00:00Z'],
    }),
  ),
  era: optional(
    oneOf(['modern', 'legacy'], {
      description: 'The era of the client. The newest that the server speaks, by default.',
    }),
  ),
  result: optional(Type.Unknown({ description: 'What the upstream answers, for guards that read results.' })),
};

const Expect = closed(
  {
    allow: optional(flag({ description: 'Whether the request is let through.', 'x-literal': true })),
    deny: optional(
      text({
        description:
          'What denies it: the name of a policy or identity, a step (`expose`, `features`, `identity`, `scopes`, `host`, `origin`, `address`), its reason, or the error code that the client gets.',
        examples: ['change-freeze'],
      }),
    ),
    status: optional(
      Type.Integer({
        minimum: 100,
        maximum: 599,
        'x-literal': true,
        description: 'The HTTP status that the client gets.',
      }),
    ),
    code: optional(
      text({ description: 'The error code that the client gets.', examples: ['unknown_target'] }),
    ),
    by: optional(
      text({ description: 'The policy that decided: the one that denies, or one of those that pass.' }),
    ),
    upstream: optional(text({ description: 'The upstream that a call goes to.' })),
    tools: optional(names('All tools that the list holds, in any order.')),
    prompts: optional(names('All prompts that the list holds, in any order.')),
    resources: optional(names('All resources that the list holds, in any order.')),
    templates: optional(names('All resource templates that the list holds, in any order.')),
    result: optional(
      closed(
        { not: text({ description: 'Text that does not reach the client.' }) },
        { description: 'What the client gets of the result.' },
      ),
    ),
  },
  { description: 'What must come of it. All that is given must hold.' },
);

const Case = closed(
  {
    name: text({ description: 'What it shows, as a sentence.', examples: ['readers read'] }),
    ...REQUEST,
    expect: Expect,
  },
  { description: 'One request, and what must come of it.' },
);

const Principal = closed(
  {
    identity: optional(
      text({
        description:
          'The identity that vouches: a name in `identity` of gateway.yaml. Not needed where there is only one.',
      }),
    ),
    claims: optional(
      anyMapping({
        description:
          'The claims of the token. Who made it, whom for and until when are filled in where they are not given; a signature is not asked for.',
        examples: [{ sub: 'alice', groups: ['engineering'] }],
      }),
    ),
    key: optional(text({ description: 'The id of an API key in the keys file.', examples: ['k3v9'] })),
  },
  { description: 'A caller: claims, or a key.' },
);

const Tool = closed(
  {
    name: text({ description: "The upstream's own name." }),
    annotations: optional(
      anyMapping({ description: 'What the tool says of itself, such as `readOnlyHint`.' }),
    ),
  },
  { description: 'A tool.' },
);

const Offer = closed(
  {
    tools: optional(listOf(Tool, { description: 'Its tools, and no other.' })),
    prompts: optional(names('Its prompts, and no other.')),
    resources: optional(names('The URIs of its resources.')),
    templates: optional(names('Its resource templates.')),
  },
  { description: 'What an upstream is taken to offer.' },
);

export const TestFile = closed(
  {
    suite: optional(
      text({ description: 'What is tested. The name of the file, by default.', examples: ['engineering'] }),
    ),
    clock: optional(dateTime({ description: 'When requests are made.', default: '2026-01-01T00:00:00Z' })),
    from: optional(
      Type.String({
        pattern: '^[0-9A-Fa-f:.]+$',
        description: 'The address that requests come from.',
        default: '127.0.0.1',
      }),
    ),
    principals: optional(named(Principal, { description: 'Callers by name.', default: {} })),
    upstreams: optional(
      named(Offer, {
        description:
          'What upstreams are taken to offer, by their names in gateway.yaml. Without it, what gateway.lock and OpenAPI documents say, or else whatever the configuration lets through.',
        default: {},
      }),
    ),
    cases: listOf(Case, { description: 'The tests.', minItems: 1 }),
  },
  { description: 'Unit tests of a configuration: requests, and what must come of them.' },
);

export type TestFile = Static<typeof TestFile>;
