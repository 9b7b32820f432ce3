import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import type { FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const PARAMS = { name: 'read', arguments: {} };
const BODY = modernBody('tools/call', PARAMS);
const HEADERS = modernHeaders('tools/call', PARAMS, {});

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('files', ['read']);
  gateway = await startTestGateway(configuration({ files: upstream.url }), { tap: false });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const call = (host: string, method = 'POST') =>
  rawRequest(gateway.url(), {
    method,
    headers: { ...HEADERS, host },
    ...(method === 'POST' ? { body: BODY } : {}),
  });

test('T2: a local listener is bound to loopback alone, and serves no host but those of this machine', async () => {
  const { port } = new URL(gateway.url());
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, 'localhost'])
    expect((await call(host)).status, host).toBe(200);
  const before = upstream.log.length;
  for (const host of [
    'evil.example.com',
    `127.0.0.1.evil.example.com:${port}`,
    'localhost.evil.example.com',
    '10.0.0.1',
  ])
    for (const method of ['POST', 'GET', 'DELETE', 'OPTIONS'])
      expect((await call(host, method)).status, `${method} for ${host}`).toBe(403);
  expect(upstream.log).toHaveLength(before);
});

test('nobody else on the network reaches it', async () => {
  const { port } = new URL(gateway.url());
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4');
  for (const { address } of others)
    await expect(rawRequest(`http://${address}:${port}/mcp`), address).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  expect(new URL(gateway.gateway.endpoints[0]!.url).hostname).toBe('127.0.0.1');
});

test('an anonymous server that the network could reach does not start', async () => {
  const open = configuration({ files: upstream.url }, { listener: { bind: '0.0.0.0:0' } });
  await expect(startTestGateway(open)).rejects.toThrow(/GW4001/);
});
