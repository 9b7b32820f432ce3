import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { recordStdio, type StdioRecord } from '../../support/stdio-record.ts';
import { everythingOverStdio, filesOverStdio } from './official-servers.ts';
import type { Peer } from './peer.ts';
import { PEERS } from './peers.ts';

const STATIC = 'demo://resource/static/document/architecture.md';

let folder: string;
let record: StdioRecord;
let gateway: TestGateway;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewright-files-')));
  await writeFile(join(folder, 'hello.txt'), 'Hello from a file.');
  record = await recordStdio();
  const server = (path: string, expose: object[]) => ({
    at: [{ listener: 'main', path }],
    anonymous: true,
    expose,
  });
  const everything = { upstream: 'everything' };
  const files = { upstream: 'files' };
  gateway = await startTestGateway(
    configuration(
      {},
      {
        servers: {
          everything: server('/everything', [everything]),
          files: server('/files', [files]),
          both: server('/both', [
            { ...everything, prefix: 'ev_' },
            { ...files, prefix: 'fs_' },
          ]),
          own: server('/own', [{ upstream: 'own' }]),
        },
        upstreams: {
          everything: everythingOverStdio(record, { env: { NAMED: 'yes' } }),
          files: filesOverStdio(record, folder),
          own: everythingOverStdio(record, { isolation: 'per-session' }),
        },
      },
    ),
  );
});
afterAll(async () => {
  await gateway.close();
  await record.close();
  await rm(folder, { recursive: true, force: true });
});

describe.each(PEERS)('$name before server-everything and server-filesystem over stdio', ({ era, open }) => {
  const peers: Record<string, Peer> = {};
  beforeAll(async () => {
    for (const server of ['everything', 'files', 'both']) peers[server] = await open(gateway.url(server));
  });
  afterAll(async () => {
    for (const peer of Object.values(peers)) await peer.close();
  });

  it('speaks the era that it wants, though they know the older one only', () => {
    for (const peer of Object.values(peers)) expect(peer.era).toBe(era);
  });

  it('lists and calls the tools of server-everything', async () => {
    const { everything } = peers;
    expect(await everything!.tools()).toEqual(expect.arrayContaining(['echo', 'get-sum', 'get-env']));
    expect((await everything!.call('echo', { message: 'hi' })).text).toBe('Echo: hi');
    expect((await everything!.call('get-sum', { a: 2, b: 3 })).text).toContain('5');
    const structured = await everything!.call('get-structured-content', { location: 'New York' });
    expect(structured.result.structuredContent).toHaveProperty('temperature');
    expect((await everything!.call('get-sum', { a: 'no number', b: 3 })).isError).toBe(true);
  });

  it('reads the resources of server-everything, gets its prompts and completes their arguments', async () => {
    const { everything } = peers;
    expect(await everything!.resources()).toContain(STATIC);
    expect(await everything!.read(STATIC)).toContain('#');
    const [template] = await everything!.templates();
    expect(await everything!.read(template!.replace(/\{[^}]*\}/, '1'))).not.toBe('');
    expect(await everything!.prompts()).toContain('simple-prompt');
    expect(await everything!.prompt('args-prompt', { city: 'Paris' })).toContain('Paris');
    expect(await everything!.completePrompt('completable-prompt', 'department', 'E')).toContain(
      'Engineering',
    );
  });

  it('hears the progress of a long call', async () => {
    const steps: number[] = [];
    const args = { duration: 0.3, steps: 3 };
    const onProgress = (progress: number) => void steps.push(progress);
    await peers.everything!.call('trigger-long-running-operation', args, { onProgress });
    expect(steps).toEqual([1, 2, 3]);
  });

  it('reads and writes files by server-filesystem, and no others than it may', async () => {
    const { files } = peers;
    expect(await files!.tools()).toContain('read_text_file');
    const path = join(folder, 'hello.txt');
    expect((await files!.call('read_text_file', { path })).text).toBe('Hello from a file.');
    const written = join(folder, `${peers.files!.era}.txt`);
    await files!.call('write_file', { path: written, content: 'written' });
    expect(await readFile(written, 'utf8')).toBe('written');
    expect((await files!.call('read_text_file', { path: '/etc/hostname' })).isError).toBe(true);
  });

  it('finds both behind one server, each under its prefix', async () => {
    const { both } = peers;
    const tools = await both!.tools();
    expect(tools).toEqual(expect.arrayContaining(['ev_echo', 'fs_read_text_file']));
    expect(tools.every((name) => /^(ev|fs)_/.test(name))).toBe(true);
    expect((await both!.call('ev_echo', { message: 'hi' })).text).toBe('Echo: hi');
    const path = join(folder, 'hello.txt');
    expect((await both!.call('fs_read_text_file', { path })).text).toBe('Hello from a file.');
    expect(await both!.prompt('ev_args-prompt', { city: 'Rome' })).toContain('Rome');
    expect(await both!.read(STATIC)).toContain('#');
    await expect(both!.call('echo', { message: 'hi' })).rejects.toMatchObject({ code: -32602 });
  });

  it('shows a child with no more of an environment than is named', async () => {
    expect(JSON.parse((await peers.everything!.call('get-env')).text)).toEqual({ NAMED: 'yes' });
  });
});

describe.each(PEERS.filter(({ era }) => era === 'legacy'))('$name with a process of its own', ({ open }) => {
  it('is asked for its model and its roots, within a call and without', async () => {
    await using peer = await open(gateway.url('own'), {
      sample: (text) => `You said: ${text}`,
      elicit: () => ({ name: 'Ada' }),
      roots: ['file:///projects'],
    });
    expect(await peer.tools()).toContain('trigger-sampling-request');
    const sampled = await peer.call('trigger-sampling-request', { prompt: 'Hello' });
    expect(sampled.text).toContain('Hello');
    expect((await peer.call('get-roots-list')).text).toContain('file:///projects');
    expect((await peer.call('trigger-elicitation-request')).text).toContain('Ada');
  });

  it('leaves no process behind', async () => {
    const processes = async (): Promise<number[]> => {
      const answer = await fetch(`${gateway.opsUrl}/-/status`);
      const status = (await answer.json()) as { upstreams: { own: { processes: number[] } } };
      return status.upstreams.own.processes;
    };
    // The one of the test before may still be ending.
    await expect.poll(processes, { timeout: 10_000 }).toEqual([]);
    const peer = await open(gateway.url('own'));
    await peer.call('echo', { message: 'hi' });
    expect(await processes()).toHaveLength(1);
    await peer.close();
    await expect.poll(processes, { timeout: 10_000 }).toEqual([]);
  });
});
