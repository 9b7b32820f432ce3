import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotStarted } from '../../runtime/reload/not-started.ts';
import { CliProcess } from '../support/cli-process.ts';
import { startTestGateway } from '../support/gateway.ts';

/** Stands on the address that the configuration binds: whoever tried to listen there would be told so. */
let occupied: Server;
let folder: string;

const TOKEN = ['ghp', '0123456789abcdefghijABCDEFGHIJ012345'].join('_');
const ACCESS_KEY = ['AKIA', 'IOSFODNN7', 'EXAMPL3'].join('');

const broken = (): string => `version: 1
listeners:
  main: { bind: "127.0.0.1:${(occupied.address() as AddressInfo).port}", hots: [a.example.com] }
servers:
  one:
    at: [{ listener: main, path: /mcp }]
    anonymous: true
    expose: [{ upstream: trakcer }]
  two:
    at: [{ listener: main, path: /mcp }]
    anonymous: true
    expose: [{ upstream: tracker }]
upstreams:
  tracker:
    type: http
    endpoints: ["http://127.0.0.1:9/mcp"]
    credentials: { type: bearer, token: ${TOKEN} }
    headers: { set: { x-key: ${ACCESS_KEY} } }
`;

/** The mistakes: code, place, and what is said about it. */
const MISTAKES = [
  ['an unknown key', 'GW1001', 3, 'unknown key `hots` in listener `main`', 'did you mean `hosts`?'],
  ['a dangling reference', 'GW2003', 8, 'unknown upstream `trakcer`', 'did you mean `tracker`?'],
  [
    'an overlapping route',
    'GW2011',
    10,
    '`/mcp` on listener `main` already leads to server `one`',
    'give each server a path of its own',
  ],
  ['a literal secret', 'GW3032', 17, '`token` must be a reference, not the secret itself', '${env:NAME}'],
  ['a secret where a text is due', 'GW4010', 18, '`x-key` looks like an AWS access key', '${file:'],
] as const;

/** The column, from 1, at which the mistake stands in its line. */
const columnOf = (line: number): number => {
  const text = broken().split('\n')[line - 1]!;
  const mistake = ['hots', 'trakcer', '/mcp', TOKEN, ACCESS_KEY].find((each) => text.includes(each))!;
  return text.indexOf(mistake) + 1;
};

let ran: CliProcess;
let checked: CliProcess;
let connections = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-refused-'));
  occupied = createServer(() => {
    connections += 1;
  });
  await new Promise<void>((resolve) => occupied.listen(0, '127.0.0.1', resolve));
  await writeFile(join(folder, 'gateway.yaml'), broken());
  ran = new CliProcess(['run'], { cwd: folder });
  checked = new CliProcess(['check', '--format', 'json'], { cwd: folder });
  await Promise.all([ran.exited(), checked.exited()]);
});
afterAll(async () => {
  await Promise.all([ran.close(), checked.close()]);
  await new Promise((resolve) => occupied.close(resolve));
  await rm(folder, { recursive: true });
});

describe('a configuration with mistakes', () => {
  it('[INFRA-02] ends `run` with exit code 1 before anything listens or connects', async () => {
    expect(await ran.exited()).toBe(1);
    expect(ran.out).toBe('');
    expect(ran.err).not.toMatch(/EADDRINUSE|in use|http:\/\/127\.0\.0\.1:\d+\/mcp\n/);
    expect(connections).toBe(0);
  });

  it.each(MISTAKES)('[INFRA-02] is told at once of %s: code, place, fact and way out', (...mistake) => {
    const [, code, line, message, help] = mistake;
    const start = ran.err.indexOf(`error[${code}]: ${message}`);
    expect(start).toBeGreaterThanOrEqual(0);
    const finding = ran.err.slice(start).split('\n\n')[0]!;
    expect(finding).toContain(`--> gateway.yaml:${line}:${columnOf(line)}\n`);
    expect(finding).toContain(help);
  });

  it('[INFRA-02] is told to programs as JSON, the same findings in the same order', async () => {
    expect(await checked.exited()).toBe(1);
    const report = JSON.parse(checked.out);
    expect(report).toMatchObject({ file: 'gateway.yaml', hash: null, errors: MISTAKES.length });
    const told = report.diagnostics.map(
      (each: { code: string; message: string; span: { file: string; line: number; column: number } }) => [
        each.code,
        each.message,
        each.span.file,
        each.span.line,
        each.span.column,
      ],
    );
    expect(told).toEqual(
      MISTAKES.map(([, code, line, message]) => [code, message, 'gateway.yaml', line, columnOf(line)]),
    );
    expect(report.diagnostics.every((each: { help: string[] }) => each.help.length > 0)).toBe(true);
    const fixes = report.diagnostics.flatMap((each: { fixes: { text: string }[] }) =>
      each.fixes.map(({ text }) => text),
    );
    expect(fixes).toEqual(['hosts', 'tracker']);
  });

  it('[INFRA-02] tells no secret to the programs that read the findings', () => {
    for (const secret of [TOKEN, ACCESS_KEY]) expect(checked.out).not.toContain(secret);
  });
});

describe('a file that is no configuration', () => {
  it.each([
    ['empty', '', /^GW0002$/],
    ['cut off', 'version: 1\nlisteners: { main: { bind: "127.0.', /^GW0/],
    ['not YAML', 'version: 1: 2\n- listeners', /^GW0/],
  ])('[INFRA-02] is refused with a code and a place: %s', async (_what, text, code) => {
    const refused = await startTestGateway(text).catch((error: unknown) => error);
    if (!(refused instanceof NotStarted)) return expect.unreachable('it was served');
    const [first] = refused.result.diagnostics;
    expect(first).toMatchObject({ severity: 'error', code: expect.stringMatching(code) });
    expect(first!.span.line).toBeGreaterThan(0);
    expect(first!.span.column).toBeGreaterThan(0);
  });
});
