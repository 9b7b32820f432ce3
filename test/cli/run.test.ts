import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliProcess } from '../support/cli-process.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { namedConfiguration } from '../support/named-configuration.ts';

let folder: string;
let file: string;
const started: CliProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-run-'));
  file = join(folder, 'gateway.yaml');
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((cli) => cli.close()));
  await rm(folder, { recursive: true });
});

const run = async (text: string | undefined, ...args: string[]): Promise<CliProcess> => {
  if (text !== undefined) await writeFile(file, text);
  const cli = new CliProcess(['run', ...args], { cwd: folder });
  started.push(cli);
  return cli;
};

describe('gatewright run', () => {
  it('tells the endpoint, the operations address and lines to paste into a client', async () => {
    const cli = await run(namedConfiguration('one'));
    await cli.seen(/Ctrl-C/);
    const [, url] = await cli.seen(/tools +(http:\/\/127\.0\.0\.1:\d+\/mcp)/);
    expect(cli.out).toContain(`claude mcp add --transport http tools ${url}\n`);
    expect(cli.out).toContain(`{"mcpServers":{"tools":{"type":"http","url":"${url}"}}}`);
    const [, ops] = await cli.seen(/\(operations\) +(http:\/\/127\.0\.0\.1:\d+)/);
    expect((await fetch(`${ops}/-/healthy`)).status).toBe(200);
  });

  it('ends in order, exit code 0, although the reader of its log has stopped reading', async () => {
    const cli = await run(namedConfiguration('one'));
    await cli.seen(/Ctrl-C/);
    const [, url] = await cli.seen(/tools +(http:\/\/127\.0\.0\.1:\d+\/mcp)/);
    cli.child.stderr!.pause();
    const body = modernBody('tools/list');
    const headers = modernHeaders('tools/list', {}, {});
    const ask = () => fetch(url!, { method: 'POST', headers, body }).then((answer) => answer.text());
    // Far more than a pipe and the reader before it hold.
    for (let at = 0; at < 40; at += 1) await Promise.all(Array.from({ length: 50 }, ask));
    cli.child.kill('SIGTERM');
    const [code] = await once(cli.child, 'exit');
    expect(code).toBe(0);
    cli.child.stderr!.resume();
    await cli.exited();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends in order on %s, exit code 0', async (signal) => {
    const cli = await run(namedConfiguration('one'));
    await cli.seen(/Ctrl-C/);
    cli.child.kill(signal);
    expect(await cli.exited()).toBe(0);
  });

  it('takes the same Ctrl-C that arrives twice for one', async () => {
    const cli = await run(namedConfiguration('one'));
    await cli.seen(/Ctrl-C/);
    cli.child.kill('SIGINT');
    cli.child.kill('SIGINT');
    expect(await cli.exited()).toBe(0);
  });

  it('loads the file again on SIGHUP', async () => {
    const cli = await run(`${namedConfiguration('one')}reload: { watch: false }\n`);
    await cli.seen(/Ctrl-C/);
    await writeFile(file, namedConfiguration('two'));
    cli.child.kill('SIGHUP');
    await cli.seen(/"result":"applied","cause":"signal"/);
  });

  it('serves nothing and shows every finding with its place when the file has errors, exit code 1', async () => {
    const cli = await run(
      namedConfiguration('one').replace('bind:', 'bnid:').replace('anonymous:', 'anonymus:'),
    );
    expect(await cli.exited()).toBe(1);
    expect(cli.out).toBe('');
    expect(cli.err).toMatch(/gateway\.yaml:4:\d+/);
    expect(cli.err).toContain('did you mean `bind`?');
    expect(cli.err).toContain('did you mean `anonymous`?');
  });

  it('says which file is missing, exit code 1', async () => {
    const cli = await run(undefined, 'nothing.yaml');
    expect(await cli.exited()).toBe(1);
    expect(cli.err).toContain('nothing.yaml');
  });

  it('names a variable that is not set and where it is needed, exit code 1', async () => {
    const text = namedConfiguration('one').replace(
      '/mcp"] }',
      '/mcp"], credentials: { type: bearer, token: "${env:TOKEN}" } }',
    );
    const cli = await run(text);
    expect(await cli.exited()).toBe(1);
    expect(cli.err).toContain(
      'error: `upstreams.files.credentials.token` needs `${env:TOKEN}`: the variable is not set',
    );
  });

  it('says that an address is in use, exit code 1', async () => {
    const other = createServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    other.listen(0, '127.0.0.1', resolve);
    await promise;
    const { port } = other.address() as { port: number };
    const cli = await run(namedConfiguration('one', `127.0.0.1:${port}`));
    expect(await cli.exited()).toBe(1);
    expect(cli.err).toContain(`127.0.0.1:${port}`);
    other.close();
  });

  it.each([['one.yaml', 'two.yaml'], ['--frobnicate']])(
    'refuses %s with its usage, exit code 2',
    async (...args) => {
      const cli = await run(undefined, ...args);
      expect(await cli.exited()).toBe(2);
      expect(cli.err).toMatch(/^error: .+\nusage: gatewright run \[gateway\.yaml\|address\] /);
    },
  );
});
