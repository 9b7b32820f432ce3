/** docs/compatibility.md, from what the suite's runs gave and from the tables of clients and servers that are tested. */
import { readFileSync } from 'node:fs';
import { AGENTS } from '../e2e/clients/agents/agents.ts';
import { REQUIRED_REVISIONS } from './plan.ts';
import type { Report } from './run.ts';
import type { Verdict } from './verdict.ts';

export interface Compatibility {
  /** Of the official suite. */
  readonly version: string;
  readonly servers: readonly Report[];
  readonly extensions: readonly Report[];
  readonly clients: readonly Report[];
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

export const compatibilityPage = ({ version, servers, extensions, clients }: Compatibility): string =>
  `<!-- Written by \`npm run conformance -- --write\`. -->
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

## As a client

The suite is the upstream; a client of the SDK drives it through the gateway, in the revision of the scenario. What
the suite judges is what the gateway sends. Scenarios of authorization are not among them.

${matrix(clients)}

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
