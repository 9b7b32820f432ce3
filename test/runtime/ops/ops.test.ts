import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../runtime/errors.ts';
import type { Authenticate } from '../../../runtime/identity/authenticate.ts';
import { opsRoutes } from '../../../runtime/ops/ops.ts';
import type { OpsSource, OpsStatus } from '../../../runtime/ops/ops-source.ts';
import type { ReloadResult } from '../../../runtime/reload/reload-result.ts';
import type { RevokeOutcome } from '../../../runtime/revocation/revoking.ts';
import type { ListenerNode } from '../../../schema/graph/listener.ts';
import { ANONYMOUS } from '../../../schema/principal.ts';
import { listenerNode, type ServedListener, serve } from '../listen/listener-fixture.ts';

const ALL: ListenerNode['serve'] = ['health', 'metrics', 'status', 'reload', 'revoke'];

const result = (changes: Partial<ReloadResult> = {}): ReloadResult => ({
  result: 'applied',
  cause: 'request',
  atMs: Date.parse('2026-01-02T03:04:05Z'),
  durationMs: 12,
  compileMs: 5,
  diagnostics: [],
  unresolved: [],
  textOf: () => undefined,
  isFallback: false,
  artifactHash: 'new',
  effectiveHash: 'effective',
  ...changes,
});

let served: ServedListener;
let ready: boolean;
let next: ReloadResult;
let reloads: number;
let lastReload: ReloadResult | undefined;
let orders: { readonly body: string; readonly by: string }[];
let outcome: RevokeOutcome;

beforeEach(() => {
  ready = true;
  next = result();
  reloads = 0;
  lastReload = undefined;
  orders = [];
  outcome = { result: 'revoked', holds: 'here' };
});
afterEach(async () => {
  await served[Symbol.asyncDispose]();
});

let graphText: string | undefined;

const source: OpsSource = {
  refresh: async () => undefined,
  traffic: () => ({ tools: {}, stages: {}, refused: { fair: 3 } }),
  status: (): OpsStatus => ({
    version: '1.2.3',
    artifactHash: 'old',
    effectiveHash: 'effective',
    condition: 'good',
    generation: 4,
    startedAt: '2026-01-01T00:00:00.000Z',
    ...(lastReload && { lastReload }),
    listeners: [{ name: 'edge', url: 'https://mcp.example' }],
    workers: { wanted: 1, running: 1 },
    pressure: [],
    upstreams: {},
    pinned: {},
    limits: {},
    sessions: 2,
  }),
  graph: () => graphText,
  ready: () => ({ ready, detail: { generation: 4 } }),
  reload: async () => {
    reloads += 1;
    return next;
  },
  reloadOver: async (admits) => (admits('old') ? await source.reload() : undefined),
  isReplicated: false,
  revoke: async (body, by) => {
    orders.push({ body, by });
    return outcome;
  },
  revocations: () => ({ isCurrent: true, revocations: [] }),
  metrics: () => 'gatewright_up 1\n',
};

const start = async (changes: Partial<ListenerNode> = {}, authenticate?: Authenticate): Promise<void> => {
  const node = listenerNode({ name: 'ops', serve: ALL, ...changes });
  served = await serve(node, Object.fromEntries(opsRoutes(node, source, authenticate)));
};

const send = async (
  method: 'GET' | 'POST' | 'HEAD' | 'PUT',
  path: string,
  headers: Record<string, string> = {},
) => {
  const reply = await request(`${served.url}${path}`, { method, headers });
  const text = await reply.body.text();
  const json =
    reply.headers['content-type'] === 'application/json' && text !== '' ? JSON.parse(text) : undefined;
  return { status: reply.statusCode, headers: reply.headers, text, json };
};

describe('the operations listener', () => {
  it('is healthy while it lives, and ready when its source is', async () => {
    await start();
    expect((await send('GET', '/-/healthy')).status).toBe(200);
    expect(await send('GET', '/-/ready')).toMatchObject({
      status: 200,
      json: { ready: true, generation: 4 },
    });
    ready = false;
    expect(await send('GET', '/-/ready')).toMatchObject({ status: 503, json: { ready: false } });
    expect(await send('HEAD', '/-/healthy')).toMatchObject({ status: 200, text: '' });
  });

  describe('asked by a Host', () => {
    const ENDPOINTS = {
      '/-/healthy': 'GET',
      '/-/ready': 'GET',
      '/metrics': 'GET',
      '/-/graph': 'GET',
      '/-/status': 'GET',
      '/-/revocations': 'GET',
      '/-/reload': 'POST',
      '/-/revoke': 'POST',
    } as const;

    /** The paths that are not refused as they are asked for a host. */
    const admitted = async (headers: Record<string, string>): Promise<readonly string[]> => {
      const paths: string[] = [];
      for (const [path, method] of Object.entries(ENDPOINTS))
        if ((await send(method, path, headers)).status !== 403) paths.push(path);
      return paths;
    };

    beforeEach(() => {
      next = result({ result: 'unchanged' });
    });

    it('that is listed, serves all it has', async () => {
      await start({ hosts: ['ops.example'] });
      expect(await admitted({ host: 'ops.example:9090' })).toEqual(Object.keys(ENDPOINTS));
      expect(reloads).toBe(1);
    });

    it.each([
      ['with names of its own', ['ops.example']],
      ['without', []],
    ])('that is an address, serves probes and Prometheus alone, %s', async (_, hosts) => {
      await start({ hosts });
      for (const host of ['10.244.1.7:9090', '[fd00::7]:9090', '10.244.1.7'])
        expect(await admitted({ host })).toEqual(['/-/healthy', '/-/ready', '/metrics']);
      expect(await send('POST', '/-/reload', { host: '10.244.1.7:9090' })).toMatchObject({ status: 403 });
      expect([reloads, orders]).toEqual([0, []]);
    });

    it('that is a foreign name, or by a web page of a foreign origin, serves nothing', async () => {
      await start({ hosts: ['ops.example'] });
      for (const host of ['rebound.example:9090', '10.244.1.7.rebound.example', 'ops.example.evil.example'])
        expect(await admitted({ host })).toEqual([]);
      for (const host of ['ops.example', '10.244.1.7:9090'])
        expect(await admitted({ host, origin: 'https://evil.example' })).toEqual([]);
      expect([reloads, orders]).toEqual([0, []]);
    });
  });

  it('tells its status with the running hash and the diagnostics of the last reload', async () => {
    await start();
    expect((await send('GET', '/-/status')).json).toMatchObject({
      artifactHash: 'old',
      sessions: 2,
      refused: { fair: 3 },
      lastReload: null,
    });
    lastReload = result({ result: 'failed', error: new Error('no such host for Bearer abcdef0123456789') });
    const { json, headers, text } = await send('GET', '/-/status');
    expect(json.lastReload).toMatchObject({
      result: 'failed',
      at: '2026-01-02T03:04:05.000Z',
      error: 'no such host for Bearer [redacted]',
    });
    expect(headers.etag).toBe('"old"');
    expect(text).not.toContain('abcdef0123456789');
  });

  it('serves the running graph as it is given, to whoever may see the status', async () => {
    await start();
    expect((await send('GET', '/-/graph')).status).toBe(404);
    graphText = '{"hash":"x"}';
    const { status, headers, json } = await send('GET', '/-/graph');
    expect([status, headers['content-type'], headers.etag, json]).toEqual([
      200,
      'application/json',
      '"old"',
      { hash: 'x' },
    ]);
  });

  it('serves metrics in the text format', async () => {
    await start();
    const { status, headers, text } = await send('GET', '/metrics');
    expect([status, headers['content-type'], text]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'gatewright_up 1\n',
    ]);
  });

  it('answers a reload when it is over, by its result', async () => {
    await start();
    for (const [outcome, status] of [
      ['applied', 200],
      ['unchanged', 200],
      ['rejected', 422],
      ['failed', 500],
    ] as const) {
      next = result({ result: outcome });
      expect(await send('POST', '/-/reload')).toMatchObject({
        status,
        headers: { etag: '"new"' },
        json: { result: outcome, artifactHash: 'new', diagnostics: [] },
      });
    }
  });

  it('refuses a reload that was meant for another artifact', async () => {
    await start();
    for (const tag of ['"other"', 'old', 'W/"old"', '"a", "b"', '']) {
      const reply = await send('POST', '/-/reload', { 'if-match': tag });
      expect([tag, reply.status, reply.json.artifactHash]).toEqual([tag, 412, 'old']);
    }
    expect(reloads).toBe(0);
    for (const tag of ['"old"', '"a", "old"', '*']) {
      expect((await send('POST', '/-/reload', { 'if-match': tag })).status).toBe(200);
    }
  });

  it('does not reload for a browser page of another origin, nor by a method that a link can use', async () => {
    await start();
    const page = await send('POST', '/-/reload', { origin: 'https://evil.example' });
    expect(page.json.error.data.code).toBe('origin_refused');
    expect((await send('POST', '/-/reload', { origin: 'null' })).status).toBe(403);
    expect((await send('POST', '/-/reload', { host: 'evil.example' })).status).toBe(403);
    expect(await send('GET', '/-/reload')).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expect((await send('POST', '/-/status')).status).toBe(405);
    expect(reloads).toBe(0);
  });

  it('has only the services that it is to serve', async () => {
    await start({ serve: ['health'] });
    expect((await send('GET', '/-/healthy')).status).toBe(200);
    for (const path of ['/-/status', '/metrics']) expect((await send('GET', path)).status).toBe(404);
    expect((await send('POST', '/-/reload')).status).toBe(404);
    expect(reloads).toBe(0);
  });
});

describe('the operations listener with identities', () => {
  const authenticate: Authenticate = (exchange, _nowMs, done) => {
    const known = exchange.request.headers.authorization === 'Bearer right';
    const error = new GatewayError('unauthenticated', 'authentication is required', {
      status: 401,
      headers: ['www-authenticate', 'Bearer'],
    });
    setImmediate(done, known ? { ...ANONYMOUS, id: 'ops', key: 'staff:ops' } : error);
  };

  it('keeps health open and asks for a credential for all else', async () => {
    await start({ identities: ['staff'] }, authenticate);
    expect((await send('GET', '/-/healthy')).status).toBe(200);
    expect((await send('GET', '/-/ready')).status).toBe(200);
    for (const [method, path] of [
      ['GET', '/-/status'],
      ['GET', '/metrics'],
      ['POST', '/-/reload'],
    ] as const) {
      for (const headers of [{}, { authorization: 'Bearer wrong' }] as Record<string, string>[]) {
        const reply = await send(method, path, headers);
        expect([path, reply.status, reply.headers['www-authenticate']]).toEqual([path, 401, 'Bearer']);
        expect(reply.text).not.toContain('"old"');
      }
      expect((await send(method, path, { authorization: 'Bearer right' })).status).toBe(200);
    }
    expect(reloads).toBe(1);
  });

  it('is not made without a way to authenticate', async () => {
    await start();
    const node = listenerNode({ serve: ALL, identities: ['staff'] });
    expect(() => opsRoutes(node, source, undefined)).toThrow();
  });
});
