import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fmt } from '../../cli/fmt.ts';
import { runCommand } from '../support/run-command.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

const LAID = `version: 1
include: [./parts/*.yaml]
listeners:
  main: { bind: 127.0.0.1:8080 }
servers:
  tools:
    at: [{ listener: main }]
    anonymous: true
    expose: [{ upstream: files }]
`;
const PART = `upstreams:
  files: { type: stdio, command: [mcp-server-filesystem, /data] }
  # why
`;
const loose = (text: string): string => text.replaceAll('{ ', '{').replaceAll(': ', ':  ');

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'gatewright-fmt-'));
  mkdirSync(join(cwd, 'parts'));
  write('gateway.yaml', loose(LAID));
  write('parts/a.yaml', loose(PART));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
const read = (name: string) => readFileSync(join(cwd, name), 'utf8');

const run = (...args: string[]) => runCommand(fmt, args, cwd);

describe('gatewright fmt', () => {
  it('lays out gateway.yaml and what it includes, and then has nothing left to do', async () => {
    const { code, out } = await run();
    expect([code, out]).toEqual([0, '`gateway.yaml` is laid out\n`parts/a.yaml` is laid out\n']);
    expect(read('gateway.yaml')).toBe(LAID);
    expect(read('parts/a.yaml')).toBe(PART);
    expect(await run()).toEqual({ code: 0, out: '', err: '' });
  });

  it('lays out the files that are named, and no other', async () => {
    expect((await run('parts/a.yaml')).code).toBe(0);
    expect(read('gateway.yaml')).toBe(loose(LAID));
    expect(read('parts/a.yaml')).toBe(PART);
  });

  it('writes nothing with --check, and fails if there is something to do', async () => {
    const { code, err } = await run('--check');
    expect(code).toBe(1);
    expect(err).toContain('`gateway.yaml` is not laid out in the canonical way\n');
    expect(read('gateway.yaml')).toBe(loose(LAID));
    write('gateway.yaml', LAID);
    expect((await run('--check', 'gateway.yaml')).code).toBe(0);
  });

  it('shows what would change with --diff, and writes nothing', async () => {
    const { code, out } = await run('--diff', 'parts/a.yaml');
    expect(code).toBe(0);
    expect(out).toContain(`+${PART.split('\n')[1]}\n`);
    expect(read('parts/a.yaml')).toBe(loose(PART));
  });

  it('touches no file that is no YAML, and tells why', async () => {
    write('bad.yaml', 'a: [\n');
    const { code, err } = await run('bad.yaml', 'parts/a.yaml');
    expect(code).toBe(1);
    expect(err).toContain('error[GW0004]');
    expect(err).toContain('bad.yaml:1:5');
    expect(read('bad.yaml')).toBe('a: [\n');
    expect(read('parts/a.yaml')).toBe(PART);
  });

  it('touches no file that is no text, and says which file is missing', async () => {
    writeFileSync(join(cwd, 'bytes.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xff]));
    const { code, err } = await run('bytes.yaml', 'none.yaml');
    expect(code).toBe(1);
    expect(err).toContain('error[GW0005]');
    expect(err).toContain('`none.yaml` is left as it is: it cannot be read');
  });

  it('reads standard input and writes standard output', () => {
    const piped = (input: string, ...args: string[]) =>
      spawnSync(process.execPath, [MAIN, 'fmt', '--stdin', ...args], { cwd, input, encoding: 'utf8' });
    expect(piped(loose(PART)).stdout).toBe(PART);
    const bad = piped('a: [\n');
    expect([bad.status, bad.stdout]).toEqual([1, '']);
    expect(bad.stderr).toContain('GW0004');
    expect(piped(loose(PART), '--check').status).toBe(1);
  });

  it.each([[['--stdin', 'a.yaml']], [['--chekc']]])(
    'refuses %s with its usage, exit code 2',
    async (args) => {
      const { code, err } = await run(...args);
      expect(code).toBe(2);
      expect(err).toContain('usage: gatewright fmt');
    },
  );
});
