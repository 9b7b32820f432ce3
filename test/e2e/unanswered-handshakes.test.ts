/** Conversations that are being opened when nobody waits for them any more. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { type FastUpstream, json, type Received } from '../support/fast-upstream.ts';
import { openSession } from '../support/legacy-client.ts';
import { modernBody } from '../support/modern-client.ts';
import { GREETING, NEWCOMERS } from '../support/newcomers.ts';
import { scrape } from '../support/scrape.ts';
import { StartedGateway } from '../support/started-gateway.ts';
import { StdioClient } from '../support/stdio-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

vi.setConfig({ testTimeout: 60_000 });

let upstream: FastUpstream;
/** The `initialize`s that the upstream has not answered. */
let held: Received[];
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue'], { eras: ['legacy'] });
});
afterAll(() => upstream.close());
beforeEach(() => {
  held = [];
  upstream.on('initialize', (received) => held.push(received));
  upstream.on('notifications/initialized', ({ response }) => response.writeHead(202).end());
});

const welcome = ({ message, response }: Received): void => {
  const { protocolVersion } = message.params as typeof GREETING;
  const serverInfo = { name: 'tracker', version: '1' };
  json(response, {
    jsonrpc: '2.0',
    id: message.id,
    result: { protocolVersion, capabilities: { tools: {} }, serverInfo },
  });
};

/** Nothing but what a test is about has an end within it. */
const PATIENT = { list: '10m', call: '10m' };
const UNBOUNDED = { window: '50ms', deadline: '1h' };

const yamlOf = ({
  rule = 'true',
  drain = UNBOUNDED,
  more = {},
  ...over
}: {
  readonly rule?: string;
  readonly drain?: object;
  /** Of the upstream. */
  readonly more?: object;
  readonly [section: string]: unknown;
} = {}): string =>
  configuration(
    { tracker: upstream.url },
    {
      reload: { watch: false, drain },
      server: { protocol: { legacySse: true, websocket: true }, policies: ['rule'] },
      upstream: { protocol: { era: 'legacy' }, timeouts: PATIENT, ...more },
      policies: { rule: { type: 'cel', allow: rule } },
      ...over,
    },
  );

const applied = async (gateway: StartedGateway, yaml: string): Promise<void> => {
  const { result, error } = await gateway.load(yaml);
  expect([result, error]).toEqual(['applied', undefined]);
};

/** The connection that the gateway asked over is closed, by the gateway. */
const givenBack = (at: number): Promise<void> => upstream.until(() => held[at]!.response.destroyed);

const transports = Object.entries(NEWCOMERS);

describe('an initialize that is not answered yet', () => {
  const more = { breaker: { consecutive: 2, errorRate: '10%', minimumCalls: 2, openFor: '1h' } };
  let gateway: StartedGateway;
  let changes = 0;
  beforeAll(async () => {
    gateway = await StartedGateway.start(yamlOf({ more }));
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  /** Other rules than before, with the same upstream. */
  const change = async (drain: object): Promise<void> => {
    changes += 1;
    await applied(gateway, yamlOf({ more, drain, rule: `${changes} > 0` }));
  };

  it.each(transports)(
    'goes on over %s until the deadline of the drain where rules change, and is cut then with what was asked of its upstream',
    async (_, open) => {
      const early = await open(gateway.url);
      const answered = early.initialize();
      await upstream.until(() => held.length === 1);
      await change(UNBOUNDED);
      welcome(held[0]!);
      expect(await answered).toBe('answered');
      early.leave();

      const client = await open(gateway.url);
      const late = client.initialize();
      await upstream.until(() => held.length === 2);
      await change({ window: '50ms', deadline: '300ms' });
      expect(await late).toBe('shutting_down');
      await givenBack(1);

      // Who was cut begins anew.
      const again = client.initialize();
      await upstream.until(() => held.length === 3);
      welcome(held[2]!);
      expect(await again).toBe('answered');
      client.leave();
    },
  );

  it.each(transports)(
    'is taken back where its client leaves, over %s, and held against nobody',
    async (_, open) => {
      for (let at = 0; at < 5; at += 1) {
        const client = await open(gateway.url);
        const outcome = client.initialize();
        await upstream.until(() => held.length === at + 1);
        client.leave();
        expect(await outcome).toBe('cut');
        await givenBack(at);
      }
      const metrics = await scrape(gateway.opsUrl);
      expect(metrics.get('gatewright_upstream_breaker_state{upstream="tracker"}')).toBe(0);
      upstream.on('initialize', welcome);
      const client = await open(gateway.url);
      expect(await client.initialize()).toBe('answered');
      client.leave();
    },
  );

  it('leaves no session where its upstream had begun one', async () => {
    const unacknowledged: Received[] = [];
    upstream.on('initialize', (received) => {
      session = String(received.response.getHeader('mcp-session-id'));
      welcome(received);
    });
    let session = '';
    upstream.on('notifications/initialized', (received) => unacknowledged.push(received));
    const client = await NEWCOMERS['streamable HTTP']!(gateway.url);
    const outcome = client.initialize();
    await upstream.until(() => unacknowledged.length === 1);
    expect(upstream.sessions).toContain(session);
    client.leave();
    expect(await outcome).toBe('cut');
    await upstream.until(() => unacknowledged[0]!.response.destroyed && !upstream.sessions.has(session));
  });
});

describe('a client that was answered without an upstream that took too long', () => {
  const short = { ...PATIENT, list: '300ms' };
  let gateway: StartedGateway;
  beforeAll(async () => {
    gateway = await StartedGateway.start(yamlOf({ more: { timeouts: short, connections: 1 } }));
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  const begin = async (): Promise<string> => (await NEWCOMERS['streamable HTTP']!(gateway.url)).initialize();

  it('leaves it the only connection, which others need', async () => {
    // So that it is certain that the upstream was asked, however late the machine is.
    const first = async () => [await begin(), held.length > 0];
    await expect.poll(first, { timeout: 30_000 }).toEqual(['upstream_timeout', true]);
    await givenBack(0);
    upstream.on('initialize', welcome);
    await expect.poll(begin, { timeout: 30_000 }).toBe('answered');
  });

  it('has it counted as a failure of the upstream, which is asked no more when that goes on', async () => {
    const breaker = { consecutive: 2, openFor: '1h' };
    await applied(gateway, yamlOf({ more: { timeouts: short, breaker } }));
    expect([await begin(), await begin(), await begin()]).toEqual([
      'upstream_timeout',
      'upstream_timeout',
      'breaker_open',
    ]);
    expect(held.length).toBeLessThanOrEqual(2);
  });
});

describe('a session of several upstreams, one of which hangs', () => {
  let steady: FastUpstream;
  let gateway: StartedGateway;
  beforeAll(async () => {
    steady = await startToolUpstream('steady', ['look'], { eras: ['legacy'] });
    gateway = await StartedGateway.start(yaml(['steady', 'tracker']));
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await steady.close();
  });

  /** `tracker` hangs; `other` has it whatever `main` has. */
  const yaml = (expose: readonly string[]): string => {
    const whole = JSON.parse(yamlOf());
    whole.upstreams.tracker.timeouts.list = '300ms';
    whole.upstreams.steady = { ...whole.upstreams.tracker, endpoints: [steady.url], timeouts: PATIENT };
    whole.servers.other = {
      at: [{ listener: 'main', path: '/other' }],
      anonymous: true,
      expose: [{ upstream: 'tracker' }],
    };
    whole.servers.main.expose = expose.map((name) => ({ upstream: name }));
    return JSON.stringify(whole);
  };

  it('waits on for that one in peace, and gives it up when it ends', async () => {
    const headers = await openSession(gateway.url);
    await upstream.until(() => held.length === 1);
    expect(held[0]!.response.destroyed).toBe(false);
    expect((await fetch(gateway.url, { method: 'DELETE', headers })).status).toBe(204);
    await givenBack(0);
  });

  it('gives that one up when a reload takes it away', async () => {
    await openSession(gateway.url);
    await upstream.until(() => held.length === 1);
    expect(held[0]!.response.destroyed).toBe(false);
    await applied(gateway, yaml(['steady']));
    await givenBack(0);
  });
});

describe('SIGTERM while clients begin', () => {
  const shutdown = { window: '100ms', deadline: '3s' };

  it('is done with at the deadline, whatever they wait for, and the process exits with 0', async () => {
    await using gateway = await StartedGateway.start(yamlOf({ shutdown }));
    const clients = await Promise.all(transports.map(([, open]) => open(gateway.url)));
    const outcomes = clients.map((client) => client.initialize());
    await upstream.until(() => held.length === transports.length);
    const startedMs = performance.now();
    gateway.cli.child.kill('SIGTERM');
    for (const outcome of await Promise.all(outcomes)) expect(['cut', 'shutting_down']).toContain(outcome);
    expect(await gateway.cli.exited()).toBe(0);
    // Of the ten minutes that they would have waited for their upstream.
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    await upstream.until(() => held.every(({ response }) => response.destroyed));
  });
});

describe('over pipes', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewright-handshakes-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const yaml = (over: Parameters<typeof yamlOf>[0] = {}): string => {
    const whole = JSON.parse(yamlOf({ ops: false, shutdown: { window: '300ms', deadline: '3s' }, ...over }));
    delete whole.reload.watch;
    return JSON.stringify(whole);
  };

  const start = async (text: string): Promise<StdioClient> => {
    await writeFile(join(folder, 'gateway.yaml'), text);
    return new StdioClient(['main', join(folder, 'gateway.yaml')]);
  };

  const initialize = (client: StdioClient, id: string): void =>
    client.say({ id, method: 'initialize', params: GREETING });

  const outcome = async (client: StdioClient, id: string): Promise<string> => {
    const { error } = await client.answerTo(id);
    return error === undefined ? 'answered' : error.data.code;
  };

  it('initialize is cut at the deadline of the drain where the rules changed, and may be sent again', async () => {
    await using client = await start(yaml());
    initialize(client, 'late');
    client.say({ id: 'early', method: 'tools/list' });
    await upstream.until(() => held.length === 1);
    const drain = { window: '50ms', deadline: '300ms' };
    await writeFile(join(folder, 'gateway.yaml'), yaml({ rule: 'true || true', drain }));
    expect(await outcome(client, 'late')).toBe('shutting_down');
    expect(await outcome(client, 'early')).toBe('session_required');
    await givenBack(0);
    initialize(client, 'again');
    await upstream.until(() => held.length === 2);
    welcome(held[1]!);
    expect(await outcome(client, 'again')).toBe('answered');
    client.say({ id: 'list', method: 'tools/list' });
    expect(await outcome(client, 'list')).toBe('answered');
  });

  it.each(['initialize', 'legacy', 'modern'])(
    'whatever waits for an answer at the end of the window after SIGTERM is told so, and the process exits with 0: %s',
    async (what) => {
      const calls: Received[] = [];
      upstream.behave((received) => calls.push(received));
      await using client = await start(yaml());
      const call = { method: 'tools/call', params: { name: 'get_issue', arguments: {} } };
      if (what === 'modern') {
        upstream.on('initialize', welcome);
        client.write(`${modernBody(call.method, call.params, { id: 'call' })}\n`);
      } else {
        initialize(client, 'init');
        client.say({ id: 'call', ...call });
        await upstream.until(() => held.length === 1);
      }
      if (what === 'legacy') welcome(held[0]!);
      if (what !== 'initialize') await upstream.until(() => calls.length === 1);
      client.signal('SIGTERM');
      if (what === 'initialize') expect(await outcome(client, 'init')).toBe('shutting_down');
      expect(await outcome(client, 'call')).toBe('shutting_down');
      expect(await client.exited()).toBe(0);
    },
  );
});
