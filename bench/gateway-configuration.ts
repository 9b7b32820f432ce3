/** The gateway.yaml files that are measured, and what belongs to them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apiDocument } from './api-document.ts';
import { ENDPOINT_PATH, HUB_PREFIX } from './call.ts';
import { LARGE, largeConfiguration } from './large-configuration.ts';
import { stdioCommand } from './stdio-command.ts';
import { AUDIENCE, ISSUER, issueTokens } from './token.ts';
import { LIST_UPSTREAMS, listPath } from './upstream-answer.ts';

/**
 * `bare`: anonymous, no access log. `secure`: token, policy, rate limit and access log. `api`: as bare, with an HTTP
 * API of as many operations as upstream. `to-legacy`, `to-modern`: as bare, with an upstream held to one era. `lists`:
 * as bare, with many upstreams. `subscriptions`: token and policy, for many connections. `two-workers`: as bare, with
 * as many threads. `stored`: as secure, with limits counted in a store. `secure-stdio`: as secure, before a program over
 * pipes. `secure-events`: as that, over HTTP+SSE and with a prefix before the names of tools. `reloaded`, `large`: as `two-workers`, beside what changes: another upstream, or thousands. `reloaded-alone`, `large-alone`: as these, with one thread. `faulty`: as bare, beside a server whose upstream fails. Metrics in all.
 */
export type Profile =
  | 'bare'
  | 'secure'
  | 'api'
  | 'api-of-500'
  | 'to-legacy'
  | 'to-modern'
  | 'lists'
  | 'subscriptions'
  | 'two-workers'
  | 'stored'
  | 'secure-stdio'
  | 'secure-events'
  | 'reloaded'
  | 'reloaded-alone'
  | 'large'
  | 'large-alone'
  | 'faulty';

export interface Ports {
  readonly main: number;
  readonly ops: number;
  readonly upstream: number;
  /** Of the store, where there is one. */
  readonly store?: number | undefined;
  /** Of the upstream that fails, where there is one. */
  readonly faulty?: number | undefined;
}

/** Callers of the `subscriptions` profile. */
const PRINCIPALS = 20;

const fast = (ports: Ports): string =>
  `  fast: { type: http, endpoints: ["http://127.0.0.1:${ports.upstream}${ENDPOINT_PATH}"] }\n`;

const listeners = (
  ports: Ports,
  connections = '',
): string => `  main: { bind: "127.0.0.1:${ports.main}"${connections} }
  ops: { bind: "127.0.0.1:${ports.ops}", serve: [health, metrics, status, reload] }
`;

const shared = (ports: Ports, connections = ''): string => `version: 1
listeners:
${listeners(ports, connections)}upstreams:
${fast(ports)}`;

const bare = (ports: Ports, connections = ''): string => `${shared(ports, connections)}
servers:
  bench: { at: [{ listener: main, path: ${ENDPOINT_PATH} }], anonymous: true, expose: [{ upstream: fast }] }
telemetry: { log: { access: false } }
`;

/** What is asked of the other era has to be told in the upstream's. */
const heldTo =
  (era: 'modern' | 'legacy') =>
  (ports: Ports): string =>
    bare(ports).replace('fast: {', `fast: { protocol: { era: ${era} },`);

const api = (ports: Ports): string =>
  bare(ports).replace(
    /fast: .*/,
    `fast: { type: openapi, spec: ./api.json, baseUrl: "http://127.0.0.1:${ports.upstream}", egress: { allow: [127.0.0.1] } }`,
  );

const lists = (ports: Ports): string => {
  const names = Array.from({ length: LIST_UPSTREAMS }, (_, at) => `u${at}`);
  const upstreams = names.map(
    (name, at) =>
      `  ${name}: { type: http, endpoints: ["http://127.0.0.1:${ports.upstream}${listPath(at)}"] }\n`,
  );
  return `version: 1
listeners:
  main: { bind: "127.0.0.1:${ports.main}" }
  ops: { bind: "127.0.0.1:${ports.ops}", serve: [health, metrics, status] }
upstreams:
${upstreams.join('')}
servers:
  bench:
    at: [{ listener: main, path: ${ENDPOINT_PATH} }]
    anonymous: true
    expose: [${names.map((name) => `{ upstream: ${name} }`).join(', ')}]
telemetry: { log: { access: false } }
`;
};

const IDENTITY = `identity:
  workforce:
    type: jwt
    issuer: ${ISSUER}
    jwksFile: ./jwks.json
    audience: [${AUDIENCE}]
    principal: { roles: claims.groups }
`;

const secure = (ports: Ports): string => `${shared(ports)}
${IDENTITY}
servers:
  bench:
    at: [{ listener: main, path: ${ENDPOINT_PATH} }]
    identity: [workforce]
    expose: [{ upstream: fast }]
    policies: [engineers-look-up]
    limits: [fair-use]
policies:
  engineers-look-up:
    type: cel
    allow: "'engineering' in principal.roles && tool.name.startsWith('lookup_')"
limits:
  fair-use: { type: rate, rate: 1000000/s, key: [principal.id, tool.name] }
`;

const secureStdio = (ports: Ports): string =>
  secure(ports).replace(/fast: .*/, `fast: { type: stdio, command: ${JSON.stringify(stdioCommand())} }`);

/** As mcp-hub does: HTTP+SSE, with a prefix before the names of tools. */
const secureEvents = (ports: Ports): string =>
  secureStdio(ports)
    .replace('    identity:', '    protocol: { legacySse: true }\n    identity:')
    .replace('expose: [{ upstream: fast }]', `expose: [{ upstream: fast, prefix: ${HUB_PREFIX} }]`)
    .replace("startsWith('", `startsWith('${HUB_PREFIX}`);

const stored = (ports: Ports): string =>
  `${secure(ports)}state: { type: valkey, url: "redis://127.0.0.1:${ports.store}", timeout: 5s }\n`;

/** Where the server of the upstream that fails is. */
export const FAULTY_PATH = '/faulty';

/** Calls that hang on the one side must not use up the connections that the other side may have of their address. */
const faulty = (ports: Ports): string =>
  bare(ports, ', connections: { perAddress: 1000 }')
    .replace(
      'upstreams:\n',
      `upstreams:\n  faulty: { type: http, endpoints: ["http://127.0.0.1:${ports.faulty}${ENDPOINT_PATH}"], protocol: { era: modern }, timeouts: { connect: 400ms, firstByte: 400ms, call: 400ms } }\n`,
    )
    .replace(
      'servers:\n',
      `servers:\n  faulty: { at: [{ listener: main, path: ${FAULTY_PATH} }], anonymous: true, expose: [{ upstream: faulty }] }\n`,
    );

const subscriptions = (
  ports: Ports,
): string => `${shared(ports, ', connections: { max: 15000, perAddress: 1000 }')}
${IDENTITY}
servers:
  bench:
    at: [{ listener: main, path: ${ENDPOINT_PATH} }]
    identity: [workforce]
    expose: [{ upstream: fast }]
    policies: [engineers]
policies:
  engineers: { type: cel, allow: "'engineering' in principal.roles" }
sessions: { subscriptions: { max: 15000, maxPerPrincipal: 1000 } }
telemetry: { log: { access: false } }
`;

/** How many threads serve. */
export type Workers = 1 | 2;

const withWorkers = (ports: Ports, workers: Workers): string =>
  bare(ports).replace('version: 1', `version: 1\nworkers: ${workers}`);

const twoWorkers = (ports: Ports): string => withWorkers(ports, 2);

/** The nth variant of what is reloaded: only another upstream and its server differ. */
export const reloadedConfiguration = (ports: Ports, variant: number, workers: Workers): string =>
  withWorkers(ports, workers)
    .replace(
      'upstreams:\n',
      `upstreams:\n  other: { type: http, endpoints: ["http://127.0.0.1:${ports.upstream}/other"], timeouts: { call: ${10 + (variant % 10)}s } }\n`,
    )
    .replace(
      'servers:\n',
      'servers:\n  other: { at: [{ listener: main, path: /other }], anonymous: true, expose: [{ upstream: other }] }\n',
    );

/** The nth variant of thousands of nodes beside those of the call: one of the upstreams differs, or all of them. */
export const largeReloadedConfiguration = (
  ports: Ports,
  variant: number,
  differs: 'one' | 'all',
  workers: Workers,
): string => {
  const [sections, rest] = largeConfiguration(LARGE).split('servers:\n') as [string, string];
  const timeouts = differs === 'one' ? /timeouts: { call: / : /timeouts: { call: /g;
  return `${sections.replace(/listeners:\n.*\n/, `workers: ${workers}\nlisteners:\n${listeners(ports)}`)}servers:
  bench: { at: [{ listener: main, path: ${ENDPOINT_PATH} }], anonymous: true, expose: [{ upstream: fast }] }
${rest
  .replace(timeouts, `timeouts: { idle: ${60 + variant}s, call: `)
  .replace('upstreams:\n', `upstreams:\n${fast(ports)}`)}telemetry: { log: { access: false } }
`;
};

/** A small one, and what it becomes by naming a file that holds thousands of nodes. */
export const growingConfiguration = (
  ports: Ports,
  workers: Workers,
): { readonly small: string; readonly grown: string; readonly named: string; readonly text: string } => {
  const small = withWorkers(ports, workers);
  const named = 'grown.yaml';
  const text = largeConfiguration(LARGE);
  return {
    small,
    grown: small.replace('version: 1', `version: 1\ninclude: [./${named}]`),
    named,
    text: text.slice(text.indexOf('identity:')),
  };
};

const SUBJECTS: Partial<Record<Profile, readonly string[]>> = {
  secure: ['alice'],
  stored: ['alice'],
  'secure-stdio': ['alice'],
  'secure-events': ['alice'],
  subscriptions: Array.from({ length: PRINCIPALS }, (_, index) => `caller-${index}`),
};

const YAML = {
  bare,
  secure,
  api,
  'api-of-500': api,
  'to-legacy': heldTo('legacy'),
  'to-modern': heldTo('modern'),
  lists,
  subscriptions,
  'two-workers': twoWorkers,
  stored,
  'secure-stdio': secureStdio,
  'secure-events': secureEvents,
  reloaded: (ports: Ports) => reloadedConfiguration(ports, 0, 2),
  'reloaded-alone': (ports: Ports) => reloadedConfiguration(ports, 0, 1),
  large: (ports: Ports) => largeReloadedConfiguration(ports, 0, 'one', 2),
  'large-alone': (ports: Ports) => largeReloadedConfiguration(ports, 0, 'one', 1),
  faulty,
} as const;

/** Writes gateway.yaml and what it names into `folder`. Resolves to the tokens of its callers. */
export const writeConfiguration = async (
  folder: string,
  profile: Profile,
  ports: Ports,
): Promise<readonly string[]> => {
  if (profile === 'api' || profile === 'api-of-500')
    await writeFile(join(folder, 'api.json'), apiDocument(profile === 'api' ? 1 : 500));
  await writeFile(join(folder, 'gateway.yaml'), YAML[profile](ports));
  const subjects = SUBJECTS[profile] ?? [];
  return subjects.length === 0 ? [] : await issueTokens(folder, subjects);
};
