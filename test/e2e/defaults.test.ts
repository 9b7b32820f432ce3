import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotStarted } from '../../runtime/reload/not-started.ts';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { makeSigningKey } from '../support/issuer.ts';
import { callTool, toolNames } from '../support/modern-client.ts';
import { listeningSockets } from '../support/own-sockets.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterAll(() => upstream.close());

/** The smallest file that is valid, with as much of it changed as a test needs. */
const smallest = (server = 'anonymous: true', bind = '127.0.0.1:0'): string => `version: 1
listeners:
  main: { bind: "${bind}" }
servers:
  main: { at: [{ listener: main }], ${server}${server === '' ? '' : ', '}expose: [{ upstream: tracker }] }
upstreams:
  tracker: { type: http, endpoints: ["${upstream.url}"] }
`;

/** The diagnostics of a configuration that must not start. */
const refusal = async (yaml: string): Promise<readonly string[]> => {
  const refused = await startTestGateway(yaml).catch((error: unknown) => error);
  if (!(refused instanceof NotStarted)) return expect.unreachable('it was served');
  return refused.result.diagnostics.map(({ code, message }) => `${code} ${message}`);
};

const connects = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** Addresses of this machine that others can reach. */
const outsideAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, scopeid }) => !internal && !scopeid)
    .map(({ address }) => address);

const OPERATIONS = ['/-/healthy', '/-/ready', '/-/status', '/metrics', '/-/reload'];

describe('the smallest valid file', () => {
  it('[COMPL-15] serves its one server on one loopback port, and nothing else', async () => {
    const before = listeningSockets();
    await using gateway = await startTestGateway(smallest(), { tap: false });
    expect(listeningSockets() - before).toBe(1);
    expect(await toolNames(gateway.audience())).toEqual(['get_issue']);
    const { hostname, port, origin } = new URL(gateway.audience());
    expect(hostname).toBe('127.0.0.1');
    for (const address of outsideAddresses()) expect(await connects(address, Number(port))).toBe(false);
    for (const path of ['/', '/console', '/admin', '/ui', '/docs', '/openapi.json', '/api', ...OPERATIONS])
      expect([path, (await rawRequest(origin + path)).status]).toEqual([path, 404]);
  });

  it('[COMPL-15] needs a word on who may call: without identity and `anonymous: true` it is an error', async () => {
    for (const server of ['', 'anonymous: false'])
      expect(await refusal(smallest(server))).toEqual(['GW3040 server `main` does not say who may call']);
  });

  it('[COMPL-15] takes no identity that is defined and not named for an answer', async () => {
    const { publicJwk } = await makeSigningKey('ES256', 'k1');
    const yaml = `${smallest('')}identity: { workforce: { type: jwt, issuer: "https://id.test.example", jwksFile: ./jwks.json } }\n`;
    const refused = await startTestGateway(yaml, {
      files: { 'jwks.json': JSON.stringify({ keys: [publicJwk] }) },
    }).catch((error: unknown) => error);
    if (!(refused instanceof NotStarted)) return expect.unreachable('it was served');
    expect(refused.result.diagnostics.map(({ code }) => code)).toContain('GW3040');
  });

  it.each(['0.0.0.0:0', '[::]:0', '10.0.0.5:8080', '[2001:db8::1]:8080', '128.0.0.1:8080'])(
    '[COMPL-15] cannot be anonymous beyond loopback: %s',
    async (bind) => {
      expect(await refusal(smallest('anonymous: true', bind))).toContain(
        'GW4001 anybody on the network can call server `main`',
      );
    },
  );

  it('[COMPL-15] has no address to fall back on', async () => {
    const findings = await refusal(smallest().replace('{ bind: "127.0.0.1:0" }', '{}'));
    expect(findings.some((finding) => finding.startsWith('GW1002'))).toBe(true);
    for (const bind of [':8080', '*:8080', '8080'])
      expect((await refusal(smallest('anonymous: true', bind)))[0]).toMatch(/^GW3009/);
  });
});

describe('operations', () => {
  it('[OPS-02] are on no port unless a listener serves them', async () => {
    const before = listeningSockets();
    await using gateway = await startTestGateway(configuration({ tracker: upstream.url }, { ops: false }), {
      tap: false,
    });
    expect(listeningSockets() - before).toBe(1);
    expect(gateway.opsUrl).toBe('');
    const { origin } = new URL(gateway.audience());
    for (const path of OPERATIONS)
      for (const method of ['GET', 'POST'])
        expect([path, (await rawRequest(origin + path, { method })).status]).toEqual([path, 404]);
    expect((await callTool(gateway.audience(), 'get_issue')).status).toBe(200);
  });

  it('[OPS-02] are not on the port of a server, nor servers on theirs', async () => {
    await using gateway = await startTestGateway(configuration({ tracker: upstream.url }), { tap: false });
    const { origin } = new URL(gateway.audience());
    for (const path of OPERATIONS) expect((await rawRequest(origin + path)).status).toBe(404);
    expect((await callTool(`${gateway.opsUrl}/mcp`, 'get_issue')).status).toBe(404);
    expect((await rawRequest(`${gateway.opsUrl}/-/healthy`)).status).toBe(200);
  });

  it('[OPS-02] that a listener does not name are not on it', async () => {
    const ops = { bind: '127.0.0.1:0', serve: ['health'] };
    const yaml = JSON.parse(configuration({ tracker: upstream.url }));
    yaml.listeners.ops = ops;
    await using gateway = await startTestGateway(JSON.stringify(yaml), { tap: false });
    const statuses = [];
    for (const path of OPERATIONS) statuses.push((await rawRequest(gateway.opsUrl + path)).status);
    expect(statuses).toEqual([200, 200, 404, 404, 404]);
    const asked = await rawRequest(`${gateway.opsUrl}/-/reload`, { method: 'POST' });
    expect(asked.status).toBe(404);
  });

  it('[OPS-02] beyond loopback may be health alone, without identity or name: it answers by address, and no foreign name', async () => {
    const yaml = JSON.parse(configuration({ tracker: upstream.url }));
    yaml.listeners.ops = { bind: '0.0.0.0:0', serve: ['health'] };
    await using gateway = await startTestGateway(JSON.stringify(yaml), { tap: false });
    const { port } = new URL(gateway.opsUrl);
    const statusesFor = async (host: string): Promise<readonly number[]> => {
      const statuses = [];
      for (const path of OPERATIONS)
        statuses.push((await rawRequest(`http://127.0.0.1:${port}${path}`, { headers: { host } })).status);
      return statuses;
    };
    expect(await statusesFor(`10.244.1.7:${port}`)).toEqual([200, 200, 404, 404, 404]);
    expect(await statusesFor('rebound.example')).toEqual([403, 403, 403, 403, 403]);
  });

  it('[OPS-02] beyond loopback are an error without a word on who may use them', async () => {
    const yaml = JSON.parse(configuration({ tracker: upstream.url }));
    yaml.listeners.ops = { bind: '0.0.0.0:0', hosts: ['ops.example.com'], serve: ['health', 'reload'] };
    expect((await refusal(JSON.stringify(yaml)))[0]).toMatch(/^GW4015/);
  });

  it.each(['status', 'reload', 'revoke'])(
    '[OPS-02] want a name beyond loopback with `%s`',
    async (service) => {
      const yaml = JSON.parse(configuration({ tracker: upstream.url }));
      yaml.listeners.ops = { bind: '0.0.0.0:0', serve: ['health', 'metrics', service], anonymous: true };
      expect((await refusal(JSON.stringify(yaml)))[0]).toMatch(/^GW3044/);
      yaml.listeners.ops.serve.pop();
      await using gateway = await startTestGateway(JSON.stringify(yaml), { tap: false });
      const scraped = await rawRequest(`${gateway.opsUrl}/metrics`, { headers: { host: '10.244.1.7' } });
      expect(scraped.status).toBe(200);
    },
  );
});
