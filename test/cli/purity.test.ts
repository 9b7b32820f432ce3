import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PRELOAD = join(ROOT, 'test/support/refuse-outside.ts');

const GATEWAY = `version: 1
include: [./up*.yaml]
listeners:
  main: { bind: 127.0.0.1:8080 }
servers:
  tools:
    at: [{ listener: main }]
    anonymous: true
    expose: [{ upstream: files }]
    policies: [weekdays]
policies:
  weekdays: { type: cel, deny: "now.getDayOfWeek('UTC') in [0, 6]", because: weekend }
`;
const UPSTREAMS = `upstreams:
  files: { type: http, endpoints: ["https://\${env:HOST}/mcp"], timeouts: { call: "\${env:CALL:-1m}" } }
`;
const TESTS = `suite: tools
clock: 2026-11-20T09:00:00Z
cases:
  - { name: open on Fridays, as: anonymous, server: tools, call: read_file, expect: { allow: true } }
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatewright-purity-'));
  writeFileSync(join(folder, 'gateway.yaml'), GATEWAY);
  writeFileSync(join(folder, 'other.yaml'), GATEWAY.replace('8080', '8081'));
  writeFileSync(join(folder, 'upstreams.yaml'), UPSTREAMS);
  writeFileSync(join(folder, 'laid.yaml'), GATEWAY);
  writeFileSync(join(folder, 'gateway.test.yaml'), TESTS);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A process that may read the sources and the folder, and nothing else: no network, writing, children, clock or environment. */
const pure = (...args: string[]) => {
  const readable = [ROOT, folder].map((path) => `--allow-fs-read=${path}`);
  return spawnSync(
    process.execPath,
    ['--permission', ...readable, '--no-warnings', `--import=${PRELOAD}`, join(ROOT, 'cli/main.ts'), ...args],
    { cwd: folder, env: {}, encoding: 'utf8' },
  );
};

const contents = () =>
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);

describe('a command that only judges', () => {
  it.each([
    ['check', [], /no findings/],
    ['check', ['--format', 'json'], /"hash"/],
    ['print', ['--origin'], /# upstreams\.yaml:2/],
    ['fmt', ['--check', 'laid.yaml'], /^$/],
    ['fmt', ['--diff', 'upstreams.yaml'], /^$/],
    ['migrate', ['--check'], /^$/],
    ['graph', [], /^<svg/],
    ['graph', ['--format', 'mermaid'], /flowchart|graph/],
    ['graph', ['--format', 'dot', '--plan', 'other.yaml'], /digraph/],
    ['test', ['gateway.test.yaml', '--coverage'], /1 test, passed/],
    ['plan', ['gateway.yaml', 'other.yaml'], /listener/],
    ['explain', ['--call', 'read_file', '--at', '2026-11-20T09:00:00Z'], /weekdays/],
  ])('works without network, writing, children, clock and environment: %s %j', (command, args, said) => {
    const before = contents();
    const { status, stdout, stderr } = pure(command, ...args);
    expect(stderr).toBe('');
    expect(stdout).toMatch(said);
    expect(status).toBe(0);
    expect(contents()).toEqual(before);
  });

  it.each([
    ['writes', ['check', '--fix'], /ERR_ACCESS_DENIED|restricted/],
    ['serves', ['run'], /asked for|ERR_ACCESS_DENIED|restricted/],
  ])('would be caught: one that %s is', (_what, args, refusal) => {
    writeFileSync(join(folder, 'broken.yaml'), GATEWAY.replace('anonymous: true', 'anonymous: yes'));
    const { status, stderr } = pure(...args, 'broken.yaml');
    expect(stderr).toMatch(refusal);
    expect(status).not.toBe(0);
    rmSync(join(folder, 'broken.yaml'));
  });
});
