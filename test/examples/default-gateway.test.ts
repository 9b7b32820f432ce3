import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PEERS } from '../e2e/clients/peers.ts';
import { toolNames } from '../support/modern-client.ts';
import { ROOT } from '../support/source-file.ts';
import { type RunningExample, startExample, untilWhole } from './start-example.ts';

let gateway: RunningExample;
beforeAll(async () => {
  gateway = await startExample('.', { env: { PATH: '/usr/bin:/bin', MY_SECRET: 'hunter2' } });
  await untilWhole(gateway.url('/mcp'));
});
afterAll(() => gateway.close());

describe('the gateway.yaml that comes with the package', () => {
  it.each(PEERS)('serves real tools to $name', async ({ open }) => {
    await using peer = await open(gateway.url('/mcp'));
    expect(await peer.tools()).toEqual(expect.arrayContaining(['echo', 'get-sum']));
    expect((await peer.call('get-sum', { a: 2, b: 40 })).text).toContain('42');
  });

  it('shows the server behind it nothing of the environment that it was started in', async () => {
    await using peer = await PEERS[0]!.open(gateway.url('/mcp'));
    const { text } = await peer.call('get-env');
    expect(JSON.parse(text)).toEqual({});
  });

  it('tells how it is, on its own address only', async () => {
    expect((await fetch(`${gateway.opsUrl}/-/ready`)).status).toBe(200);
    expect((await fetch(`${gateway.opsUrl}/metrics`)).status).toBe(200);
    expect((await fetch(`${gateway.opsUrl}/-/reload`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(gateway.url('/metrics'))).status).toBe(404);
  });

  it('does as its comments say when it is edited', async () => {
    await gateway.edit([
      '- upstream: everything',
      '- upstream: everything\n        tools: { allow: [echo] }',
    ]);
    await expect.poll(() => toolNames(gateway.url('/mcp')), { timeout: 10_000 }).toEqual(['echo']);
  });

  it('is on loopback alone, has the modeline that gives editors the schema, and fits on a screen', async () => {
    const text = await readFile(join(ROOT, 'gateway.yaml'), 'utf8');
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./schema/gateway.schema.json');
    for (const [, host] of text.matchAll(/bind: (\S+):\d+/g)) expect(host).toBe('127.0.0.1');
    expect(text.split('\n').length).toBeLessThanOrEqual(45);
  });
});
