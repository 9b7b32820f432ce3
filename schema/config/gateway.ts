/** gateway.yaml as a whole. */
import { type Static, Type } from 'typebox';
import { Identity } from './identity/identity.ts';
import { Limit } from './limit/limit.ts';
import { Lints } from './lints.ts';
import { Listener } from './listener.ts';
import { Policy } from './policy/policy.ts';
import { Pressure } from './pressure.ts';
import { Reload, Sessions, Shutdown } from './reload.ts';
import { Sealing } from './sealing.ts';
import { Server } from './server.ts';
import { State } from './state.ts';
import { Telemetry } from './telemetry.ts';
import { Tenant } from './tenant.ts';
import { Upstream } from './upstream/upstream.ts';
import { closed, includedFiles, listOf, named, oneOf, optional } from './value.ts';
import { Workers } from './workers.ts';

export const Gateway = closed(
  {
    version: Type.Literal(1, { description: 'The version of the language.' }),
    include: optional(
      listOf(includedFiles({ description: 'A file, or a glob such as `./gateway.d/*.yaml`.' }), {
        description:
          'Files that belong to this one, relative to it and below the folder of the main file: sections join entry by entry, and nothing may be given twice. `*` stands for a part of one name. Files that an included file names are relative to that file.',
        examples: [['./gateway.d/*.yaml']],
      }),
    ),
    name: optional(
      Type.String({
        pattern: '^[a-zA-Z][a-zA-Z0-9_.-]{0,62}$',
        description: "The gateway's name, told to clients and upstreams.",
        default: 'gatewright',
      }),
    ),
    profile: optional(
      oneOf(['production', 'development'], {
        description: 'Which posture findings are errors.',
        default: 'production',
      }),
    ),
    workers: optional(Workers),
    listeners: named(Listener, { description: 'Where traffic comes in.' }),
    identity: optional(named(Identity, { description: 'Who is calling.', default: {} })),
    servers: named(Server, { description: 'What callers see.' }),
    upstreams: named(Upstream, { description: 'Where calls go.' }),
    policies: optional(named(Policy, { description: 'The rules.', default: {} })),
    limits: optional(named(Limit, { description: 'How often, how long, how much.', default: {} })),
    tenants: optional(named(Tenant, { description: 'Whom callers work for.', default: {} })),
    lints: optional(Lints),
    telemetry: optional(Telemetry),
    sealing: optional(Sealing),
    state: optional(State),
    sessions: optional(Sessions),
    pressure: optional(Pressure),
    reload: optional(Reload),
    shutdown: optional(Shutdown),
  },
  { description: 'A gateway.' },
);

export type Gateway = Static<typeof Gateway>;
