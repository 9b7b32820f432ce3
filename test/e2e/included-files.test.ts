import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CliProcess } from '../support/cli-process.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { toolNames } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

// Each starts a process and has it reload several times.
vi.setConfig({ testTimeout: 60_000 });

let upstream: FastUpstream;
let folder: string;
let cli: CliProcess | undefined;

beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterAll(() => upstream.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-included-'));
});
afterEach(async () => {
  await cli?.close();
  await rm(folder, { recursive: true });
});

const main = (): string => `version: 1
include: [./gateway.d/*.yaml]
listeners:
  local: { bind: 127.0.0.1:0 }
servers:
  first:
    at: [{ listener: local, path: /first }]
    anonymous: true
    expose: [{ upstream: tracker }]
upstreams:
  tracker: { type: http, endpoints: ["${upstream.url}"] }
`;

/** An included file with one server. */
const server = (name: string, prefix: string): string => `servers:
  ${name}:
    at: [{ listener: local, path: /${name} }]
    anonymous: true
    expose: [{ upstream: tracker, prefix: ${prefix} }]
`;

/** Starts the gateway; the origin that it serves at. */
const start = async (): Promise<string> => {
  await writeFile(join(folder, 'gateway.yaml'), main());
  cli = new CliProcess(['run'], { cwd: folder });
  const [, origin] = await cli.seen(/(http:\/\/127\.0\.0\.1:\d+)\/first/);
  return origin!;
};

const expectTool = async (url: string, name: string): Promise<void> => {
  const first = async () => (await toolNames(url).catch(() => []))[0];
  await expect.poll(first, { timeout: 30_000, interval: 20 }).toBe(name);
};

const expectGone = async (url: string): Promise<void> => {
  const status = async () => (await fetch(url, { method: 'POST' })).status;
  await expect.poll(status, { timeout: 30_000, interval: 20 }).toBe(404);
};

describe('a folder of included files', () => {
  it('is watched: files may come, change and go', async () => {
    await mkdir(join(folder, 'gateway.d'));
    await writeFile(join(folder, 'gateway.d/second.yaml'), server('second', 'a_'));
    const origin = await start();
    await expectTool(`${origin}/second`, 'a_get_issue');

    await writeFile(join(folder, 'gateway.d/second.yaml'), server('second', 'b_'));
    await expectTool(`${origin}/second`, 'b_get_issue');

    await writeFile(join(folder, 'gateway.d/third.yaml'), server('third', 'c_'));
    await expectTool(`${origin}/third`, 'c_get_issue');

    await unlink(join(folder, 'gateway.d/second.yaml'));
    await expectGone(`${origin}/second`);
    await expectTool(`${origin}/third`, 'c_get_issue');
  });

  it('may be missing at the start and be made later', async () => {
    const origin = await start();
    await cli?.seen(/GW0032/);
    await mkdir(join(folder, 'made'));
    await writeFile(join(folder, 'made/second.yaml'), server('second', 'a_'));
    await rename(join(folder, 'made'), join(folder, 'gateway.d'));
    await expectTool(`${origin}/second`, 'a_get_issue');
  });

  it('may be a volume of a Kubernetes ConfigMap', async () => {
    const volume = join(folder, 'gateway.d');
    const publish = async (version: string, files: Readonly<Record<string, string>>): Promise<void> => {
      await mkdir(join(volume, version), { recursive: true });
      for (const [name, text] of Object.entries(files)) await writeFile(join(volume, version, name), text);
      await symlink(version, join(volume, '..data_tmp'));
      await rename(join(volume, '..data_tmp'), join(volume, '..data'));
    };
    await publish('..1', { 'second.yaml': server('second', 'a_') });
    await symlink('..data/second.yaml', join(volume, 'second.yaml'));
    const origin = await start();
    await expectTool(`${origin}/second`, 'a_get_issue');

    await publish('..2', { 'second.yaml': server('second', 'b_'), 'third.yaml': server('third', 'c_') });
    await symlink('..data/third.yaml', join(volume, 'third.yaml'));
    await expectTool(`${origin}/second`, 'b_get_issue');
    await expectTool(`${origin}/third`, 'c_get_issue');
  });

  it('that becomes wrong leaves the running graph alone', async () => {
    await mkdir(join(folder, 'gateway.d'));
    await writeFile(join(folder, 'gateway.d/second.yaml'), server('second', 'a_'));
    const origin = await start();
    await writeFile(join(folder, 'gateway.d/third.yaml'), server('second', 'c_'));
    await cli?.seen(/GW0033 gateway\.d\/third\.yaml:2:3/);
    await expectTool(`${origin}/second`, 'a_get_issue');
    await writeFile(join(folder, 'gateway.d/third.yaml'), server('third', 'c_'));
    await expectTool(`${origin}/third`, 'c_get_issue');
  });
});
