/** docs/compatibility.md, from what the runs gave and from the tables of clients and servers that are tested. */
import { readFileSync } from 'node:fs';
import type { Era } from '../e2e/bridging/bridge-client.ts';
import type { Compared } from '../e2e/bridging/compare.ts';
import { ERAS } from '../e2e/bridging/pairings.ts';
import { AGENTS } from '../e2e/clients/agents/agents.ts';
import { REQUIRED_REVISIONS } from './plan.ts';
import type { Report } from './run.ts';
import type { Verdict } from './verdict.ts';

export interface Compatibility {
  /** Of the official suite. */
  readonly version: string;
  readonly servers: readonly Report[];
  readonly extensions: readonly Report[];
  /** Client scenarios, driven by a client of their own era. */
  readonly clients: readonly Report[];
  /** The same, driven by a client of the other era. */
  readonly across: readonly Report[];
  readonly pairings: readonly Compared[];
}

/** Name, npm package, revisions. */
const CLIENTS: readonly (readonly [name: string, from: string, revisions: string])[] = [
  ['SDK v1', '@modelcontextprotocol/sdk', '2025-11-25'],
  ['SDK v2', '@modelcontextprotocol/client', '2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28'],
  ['MCP Inspector (command line)', '@modelcontextprotocol/inspector', '2025-11-25, 2026-07-28'],
  ...AGENTS.map(({ name, from, revision }) => [name, from, revision] as const),
];

const SERVERS: readonly (readonly [from: string, speaks: string])[] = [
  ['@modelcontextprotocol/server-everything', '2025-11-25 over stdio'],
  ['@modelcontextprotocol/server-filesystem', '2025-11-25 over stdio'],
  ['@modelcontextprotocol/server-memory', '2025-11-25 over stdio'],
];

const versions: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).devDependencies;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const cellOf = (verdict: Verdict | undefined): string => {
  if (verdict === undefined) return '';
  if (!verdict.passed) return '**failed**';
  const { length } = verdict.warnings;
  return length === 0 ? 'passed' : `passed, ${length} warning${length === 1 ? '' : 's'}`;
};

/** Newest first, as scenarios of older revisions are mostly among those of newer ones. */
const matrix = (reports: readonly Report[]): string => {
  const newestFirst = [...reports].reverse();
  const scenarios = new Set(newestFirst.flatMap(({ verdicts }) => verdicts.map(({ scenario }) => scenario)));
  const rows = [...scenarios].map((scenario) => [
    scenario,
    ...newestFirst.map(({ verdicts }) => cellOf(verdicts.find((verdict) => verdict.scenario === scenario))),
  ]);
  const sum = newestFirst.map(
    ({ verdicts }) => `**${verdicts.filter(({ passed }) => passed).length}/${verdicts.length}**`,
  );
  return table(
    ['scenario', ...newestFirst.map(({ revision }) => revision)],
    [...rows, ['**passed**', ...sum]],
  );
};

/** The pairings of eras, each over both transports of the upstream. */
const PAIRINGS: readonly (readonly [client: Era, upstream: Era])[] = ERAS.flatMap((client) =>
  ERAS.map((upstream) => [client, upstream] as const),
);

const sameness = (compared: Compared, client: Era, upstream: Era): string => {
  const differing = (['http', 'stdio'] as const).filter(
    (transport) => !compared.same[client][`${upstream}-${transport}`],
  );
  return differing.length === 0 ? 'same' : `**differs** (${differing.join(', ')})`;
};

const pairingMatrix = (pairings: readonly Compared[]): string =>
  table(
    ['what the client sees', ...PAIRINGS.map(([client, upstream]) => `${client} → ${upstream}`)],
    pairings.map((compared) => [
      compared.title,
      ...PAIRINGS.map(([client, upstream]) => sameness(compared, client, upstream)),
    ]),
  );

export const compatibilityPage = (compatibility: Compatibility): string => {
  const { version, servers, extensions, clients, across, pairings } = compatibility;
  return `<!-- Written by \`npm run conformance -- --write\`. -->
# Compatibility

The official conformance suite, @modelcontextprotocol/conformance ${version}, run through a gateway with nothing but
defaults. \`npm run conformance\` runs it anew and fails if this page says anything else. A cell is empty where the
suite has no such scenario for the revision.

## As a server

The gateway stands before a server that speaks every revision; the suite is its client. These are all scenarios that
the suite has for servers, the ones that no revision requires included; ${REQUIRED_REVISIONS.join(' and ')} have frozen
sets of required ones.

${matrix(servers)}

Scenarios of extensions belong to no revision:

${matrix(extensions)}

Not run: \`tasks-status-notifications\`, which the suite itself always skips, and the scenarios of skills (SEP-2640),
an extension in review that the gateway carries by \`expose[].extensions\` alone.

## As a client

The suite is the upstream; a client of the SDK drives it through the gateway, in the revision of the scenario. What
the suite judges is what the gateway sends. Scenarios of authorization are not among them.

${matrix(clients)}

The same scenarios, driven by a client of the other era: a session before a modern upstream, a modern client before
one with sessions.

${matrix(across)}

## Across the eras

One server, built on the official SDK, that speaks one era at a time, over HTTP and over stdio. A client of each era
sees of it through the gateway what it sees of a server of its own era directly: *modern → legacy* is a client of
2026-07-28 before a server of 2025-11-25. What the specification says differs between the eras is left out of the
comparison.

${pairingMatrix(pairings)}

## Clients

Clients by others that the tests drive against the gateway, before upstreams of their own era and of the other one.

${table(
  ['client', 'package', 'version', 'revisions'],
  CLIENTS.map(([name, from, revisions]) => [name, from, versions[from]!, revisions]),
)}

## Servers

Servers by others that the tests put behind the gateway, beside servers built on both SDKs.

${table(
  ['package', 'version', 'speaks'],
  SERVERS.map(([from, speaks]) => [from, versions[from]!, speaks]),
)}
`;
};
