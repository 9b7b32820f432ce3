import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { check } from '../../cli/check.ts';
import { init } from '../../cli/init.ts';
import type { Command } from '../../cli/io.ts';
import { compile } from '../../compiler/compile.ts';
import { runCommand } from '../support/run-command.ts';

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'gatewright-init-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const run = (command: Command, ...args: string[]) => runCommand(command, args, cwd);

const read = (name: string) => readFileSync(join(cwd, name), 'utf8');

describe('gatewright init', () => {
  it('writes a configuration that passes every check', async () => {
    expect(await run(init)).toEqual({
      code: 0,
      out: '',
      err: 'wrote gateway.yaml; `gatewright run` serves it\n',
    });
    expect(await run(check, '--deny-warnings')).toEqual({
      code: 0,
      out: 'gateway.yaml: no findings\n',
      err: '',
    });
  });

  it('begins with the line that brings completion to editors', async () => {
    await run(init);
    expect(read('gateway.yaml').split('\n')[0]).toBe('# yaml-language-server: $schema=./gateway.schema.json');
  });

  it('opens nothing to others and exposes no tool that writes', async () => {
    const { out } = await run(init, '--stdout');
    const { compiled } = compile({
      main: 'gateway.yaml',
      read: (path) => (path === 'gateway.yaml' ? Buffer.from(out) : undefined),
    });
    const { listeners, servers } = compiled!.graph;
    for (const { bind } of Object.values(listeners))
      expect(bind).toMatchObject({ type: 'tcp', host: '127.0.0.1' });
    const allowed = JSON.stringify(servers);
    for (const tool of ['write', 'edit', 'move', 'create', 'delete']) expect(allowed).not.toContain(tool);
  });

  it('leaves the program that is downloaded at its first start the time for that', async () => {
    const { out } = await run(init, '--stdout');
    const { compiled } = compile({
      main: 'gateway.yaml',
      read: (path) => (path === 'gateway.yaml' ? Buffer.from(out) : undefined),
    });
    const { files } = compiled!.graph.upstreams;
    expect(files?.type === 'stdio' && files.command).toBe('npx');
    expect(files?.timeouts.connectMs).toBe(60_000);
  });

  it('takes the file that is named, and names it in what to do next', async () => {
    expect((await run(init, 'conf.yaml')).err).toBe(
      'wrote conf.yaml; `gatewright run conf.yaml` serves it\n',
    );
    expect(readdirSync(cwd)).toEqual(['conf.yaml']);
  });

  it('never writes over a file', async () => {
    writeFileSync(join(cwd, 'gateway.yaml'), 'mine');
    const { code, out, err } = await run(init);
    expect([code, out, read('gateway.yaml')]).toEqual([1, '', 'mine']);
    expect(err).toContain('error: there is `gateway.yaml` already, and it stays as it is\n');
  });

  it('never writes where a link leads, not even to nothing', async () => {
    symlinkSync('elsewhere.yaml', join(cwd, 'gateway.yaml'));
    expect((await run(init)).code).toBe(1);
    expect(existsSync(join(cwd, 'elsewhere.yaml'))).toBe(false);
  });

  it('takes a folder for something that is there', async () => {
    mkdirSync(join(cwd, 'gateway.yaml'));
    expect((await run(init)).code).toBe(1);
  });

  it.each(['-', '--stdout'])('prints and writes nothing with %s', async (argument) => {
    const { code, out, err } = await run(init, argument);
    expect([code, err, readdirSync(cwd)]).toEqual([0, '', []]);
    await run(init);
    expect(read('gateway.yaml')).toBe(out);
  });

  it('exits with 3 where it cannot write, and with 2 for what it does not know', async () => {
    expect(await run(init, 'no/such/folder.yaml')).toMatchObject({
      code: 3,
      err: 'error: cannot write no/such/folder.yaml: ENOENT\n',
    });
    for (const args of [['a.yaml', 'b.yaml'], ['--force'], ['--stdout=x']])
      expect(await run(init, ...args)).toMatchObject({ code: 2, out: '' });
    expect(readdirSync(cwd)).toEqual([]);
  });
});
