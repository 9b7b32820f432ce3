import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UpstreamState } from '../../runtime/upstream/link.ts';
import type { FastUpstream, FastUpstreamOptions } from '../support/fast-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { reply, startHttpApi } from '../support/http-api.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { callTool, modernBody, modernHeaders } from '../support/modern-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';

let endpoints: FastUpstream[];
let urls: readonly string[];
let gateway: TestGateway | undefined;

const start = async (options: FastUpstreamOptions = {}): Promise<void> => {
  endpoints = await Promise.all(
    ['primary', 'secondary'].map(async (name) =>
      startToolUpstream(name, ['echo'], { port: await freePort(), ...options }),
    ),
  );
  urls = endpoints.map(({ url }) => url);
};

/** The configuration of an upstream with both. */
const yaml = (more: object = {}, extra: object = {}): string =>
  JSON.stringify({
    version: 1,
    listeners: { main: { bind: '127.0.0.1:0' }, ops: { bind: '127.0.0.1:0', serve: ['metrics', 'status'] } },
    servers: {
      main: { at: [{ listener: 'main', path: '/mcp' }], anonymous: true, expose: [{ upstream: 'hub' }] },
    },
    upstreams: {
      hub: {
        type: 'http',
        endpoints: urls,
        // A check fails that takes as long: an endpoint is not to be lost to a machine that is busy.
        health: { every: '300ms', unhealthyAfter: 2 },
        breaker: { consecutive: 2 },
        ...more,
      },
    },
    ...extra,
  });

/** Which endpoint a call of the tool was answered by. */
const answeredBy = async (): Promise<string> => {
  const { body } = await callTool(gateway!.url(), 'echo');
  return body.error === undefined ? told(body.result).upstream : body.error.data.code;
};

/** Resolves when the gateway has had the time to hear that its connections are gone. */
const kill = async (at: number): Promise<number> => {
  const { port } = endpoints[at]!;
  await endpoints[at]!.close();
  for (let turn = 0; turn < 3; turn += 1)
    await new Promise((resolve) => connect(port, '127.0.0.1').once('error', resolve));
  return port;
};

const isUp = async (url: string): Promise<number | undefined> =>
  (await scrape(gateway!.opsUrl)).get(`gatewright_upstream_endpoint_up{upstream="hub",endpoint="${url}"}`);

const health = (): Promise<readonly (number | undefined)[]> => Promise.all(urls.map(isUp));

beforeEach(() => start());

afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
});

describe('an upstream with two endpoints', () => {
  it('[INFRA-01] is served by the second within a second when the first is killed, and by the first again when it is back', async () => {
    gateway = await startTestGateway(yaml());
    expect(await answeredBy()).toBe('primary');
    const port = await kill(0);
    const startedMs = performance.now();
    expect(await answeredBy()).toBe('secondary');
    expect(performance.now() - startedMs).toBeLessThan(1000);
    await vi.waitFor(async () => expect(await health()).toEqual([0, 1]), 30_000);
    endpoints[0] = await startToolUpstream('primary', ['echo'], { port });
    await vi.waitFor(async () => expect(await answeredBy()).toBe('primary'), 30_000);
    expect(await health()).toEqual([1, 1]);
  });

  it('[INFRA-01/sessions] answers a call of a legacy session whose endpoint is gone from one that is opened elsewhere', async () => {
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    await start({ eras: ['legacy'] });
    gateway = await startTestGateway(yaml({ protocol: { era: 'legacy' } }));
    const session = await openSession(gateway.url());
    const call = async (): Promise<string> => {
      const params = { name: 'echo', arguments: {} };
      const { text } = await legacyRequest(gateway!.url(), 'tools/call', params, session);
      const { result, error } = JSON.parse(text);
      return error === undefined ? told(result).upstream : error.data.code;
    };
    expect(await call()).toBe('primary');
    await kill(0);
    expect(await call()).toBe('secondary');
    expect(await call()).toBe('secondary');
    expect(endpoints[1]!.sessions.size).toBe(1);
  });

  it('[INFRA-01/bridged] answers a call of a modern client likewise, whose upstream speaks the legacy era', async () => {
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    await start({ eras: ['legacy'] });
    gateway = await startTestGateway(yaml({ protocol: { era: 'legacy' } }));
    expect(await answeredBy()).toBe('primary');
    await kill(0);
    expect(await answeredBy()).toBe('secondary');
    expect(endpoints[1]!.calls).toBe(1);
  });

  it('has one home for a caller, in sessions as without', async () => {
    gateway = await startTestGateway(yaml({ balance: 'hash(principal.id)', health: { every: '1h' } }));
    // By chance both would go to one endpoint every other time, so that many ask.
    for (let at = 2; at < 14; at += 1) {
      const from = `127.0.0.${at}`;
      const before = endpoints.map(({ calls }) => calls);
      const params = { name: 'echo', arguments: {} };
      const ask = (message: object, headers: Readonly<Record<string, string>>) =>
        rawRequest(gateway!.url(), { method: 'POST', from, headers, body: JSON.stringify(message) });
      await rawRequest(gateway.url(), {
        method: 'POST',
        from,
        headers: modernHeaders('tools/call', params, {}),
        body: modernBody('tools/call', params),
      });
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      };
      const clientInfo = { name: 'c', version: '1' };
      const opening = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
      const opened = await ask({ jsonrpc: '2.0', id: 0, method: 'initialize', params: opening }, headers);
      const session = { ...headers, 'mcp-session-id': String(opened.headers['mcp-session-id']) };
      await ask({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, session);
      const made = endpoints.map(({ calls }, each) => calls - before[each]!);
      expect([...made].sort(), from).toEqual([0, 2]);
    }
  });

  it('keeps what is known of its endpoints over a reload that leaves it as it is, and asks none that are given up', async () => {
    gateway = await startTestGateway(yaml());
    await answeredBy();
    await kill(0);
    await vi.waitFor(async () => expect(await health()).toEqual([0, 1]), 30_000);
    await gateway.load(yaml({}, { telemetry: { log: { level: 'error' } } }));
    expect(await health()).toEqual([0, 1]);
    const other = await startToolUpstream('other', ['echo']);
    await gateway.load(yaml({ endpoints: [other.url] }));
    await vi.waitFor(async () => expect(await isUp(other.url)).toBe(1), 30_000);
    await vi.waitFor(() => expect(other.log.length).toBeGreaterThan(0), 30_000);
    const [asked, seen] = [endpoints[1]!.log.length, other.log.length];
    await vi.waitFor(() => expect(other.log.length).toBeGreaterThan(seen + 3), 30_000);
    expect(endpoints[1]!.log.length).toBeLessThanOrEqual(asked + 1);
    await gateway.close();
    gateway = undefined;
    await other.close();
  });
});

describe('an API with two endpoints', () => {
  it('[INFRA-01/openapi] is served by the second within a second when the first is killed, and by the first again when it is back', async () => {
    const named = (name: string, port: number) => startHttpApi(reply(200, { name }), '127.0.0.1', port);
    const apis = [await named('primary', await freePort()), await named('secondary', await freePort())];
    const document = {
      openapi: '3.1.0',
      info: { title: 'Names', version: '1' },
      paths: { '/name': { post: { operationId: 'echo', responses: {} } } },
    };
    const hub = {
      type: 'openapi',
      spec: './api.json',
      endpoints: apis.map(({ origin }) => origin),
      health: { every: '300ms', unhealthyAfter: 2, path: '/healthz' },
      egress: { allow: ['127.0.0.1'] },
      breaker: { consecutive: 1 },
    };
    gateway = await startTestGateway(yaml({}, { upstreams: { hub } }), {
      files: { 'api.json': JSON.stringify(document) },
    });
    urls = apis.map(({ origin }) => `${origin}/`);
    const by = async (): Promise<string> => {
      const { body } = await callTool(gateway!.url(), 'echo');
      return body.error === undefined ? JSON.parse(body.result.content[0].text).name : body.error.data.code;
    };
    try {
      expect(await by()).toBe('primary');
      await apis[0]!.close();
      const startedMs = performance.now();
      expect(await by()).toBe('secondary');
      expect(performance.now() - startedMs).toBeLessThan(1000);
      await vi.waitFor(async () => expect(await health()).toEqual([0, 1]), 30_000);
      const asked = await fetch(new URL('/-/status', gateway.opsUrl));
      const { upstreams } = (await asked.json()) as { upstreams: Record<string, UpstreamState> };
      expect(upstreams.hub!.endpoints).toMatchObject([
        { url: urls[0], healthy: false },
        { url: urls[1], healthy: true },
      ]);
      expect(upstreams.hub!.breaker).toBe('closed');
      apis[0] = await named('primary', apis[0]!.port);
      await vi.waitFor(async () => expect(await by()).toBe('primary'), 30_000);
      expect(await health()).toEqual([1, 1]);
    } finally {
      await gateway.close();
      gateway = undefined;
      await Promise.all(apis.map((api) => api.close()));
    }
  });
});
