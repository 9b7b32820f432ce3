import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import {
  answer,
  type Behaviour,
  event,
  type FastUpstream,
  openStream,
  type Received,
} from '../support/fast-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { callTool, modernBody, modernHeaders, toolNames } from '../support/modern-client.ts';
import { scrape } from '../support/scrape.ts';
import { SLOW_START } from '../support/slow-start.ts';
import { StartedGateway } from '../support/started-gateway.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';

const STDIO_SERVER = fileURLToPath(new URL('../support/stdio-tool-server.ts', import.meta.url));

// After some small reloads in a row a thread compiles, which loads the program anew.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

/** The program; each test has it serve what it begins with. */
let gateway: StartedGateway;
let first: FastUpstream;
let second: FastUpstream;
beforeAll(async () => {
  gateway = await StartedGateway.start(loaded(NOTHING));
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(async () => {
  first = await startToolUpstream('first', ['one']);
  second = await startToolUpstream('second', ['two']);
});
afterEach(() => Promise.all([first.close(), second.close()]));

/** A configuration that is loaded when a test says so, and not before, and gives its upstreams time. */
const loaded = (yaml: string): string => {
  const whole = JSON.parse(yaml);
  for (const upstream of Object.values<{ timeouts?: object }>(whole.upstreams))
    upstream.timeouts = { ...SLOW_START.timeouts, list: '1m' };
  return JSON.stringify({ ...whole, reload: { ...whole.reload, watch: false } });
};

const applied = async (yaml: string): Promise<void> => {
  const { result, diagnostics, error } = await gateway.load(loaded(yaml));
  expect([result, diagnostics, error]).toEqual(['applied', [], undefined]);
};

/** Where a path of the listener `main` is now. */
const urlOf = async (path = '/mcp'): Promise<string> => {
  const { listeners } = await gateway.status();
  return listeners.find(({ name }) => name === 'main')!.url + path;
};

/** No server of it has sessions, and those of other servers end. */
const NOTHING = configuration({ nobody: 'http://127.0.0.1:9/mcp' });

const DRAINING = 'gatewright_generations{state="draining"}';

/** Serves it, and nothing of before; resolves with the endpoint at `path`. */
const begin = async (yaml: string, path?: string): Promise<string> => {
  const { result } = await gateway.load(loaded(NOTHING));
  expect(['applied', 'unchanged']).toContain(result);
  await applied(yaml);
  await expect
    .poll(() => scrape(gateway.opsUrl).then((series) => series.get(DRAINING)), { timeout: 10_000 })
    .toBe(0);
  return urlOf(path);
};

describe('requests in flight', () => {
  it('finish on the graph that they began under, though it lost their upstream', async () => {
    const url = await begin(configuration({ first: first.url }));
    await callTool(url, 'one');
    const held: Received[] = [];
    first.behave((received) => held.push(received));
    const call = callTool(url, 'one', { n: 1 });
    await first.until(() => held.length === 1);

    await applied(configuration({ second: second.url }));
    expect(await toolNames(url)).toEqual(['two']);
    expect((await callTool(url, 'one')).body.error.data.code).toBe('unknown_target');
    expect((await callTool(url, 'two')).body.result).toBeDefined();

    answer(held[0]!);
    expect((await call).body.result.content[0].text).toBe('{"n":1}');
    const upstreams = async () => Object.keys((await gateway.status()).upstreams);
    await expect.poll(upstreams, { timeout: 10_000 }).toEqual(['second']);
  });

  it('are told the truth about them: the old graph is held by one request, then by none', async () => {
    const url = await begin(configuration({ first: first.url }));
    await callTool(url, 'one');
    const held: Received[] = [];
    first.behave((received) => held.push(received));
    const call = callTool(url, 'one');
    await first.until(() => held.length === 1);
    const { generation } = await gateway.status();
    await applied(configuration({ second: second.url }));
    const metrics = async () => (await fetch(`${gateway.opsUrl}/metrics`)).text();
    expect(await metrics()).toContain(`${DRAINING} 1`);
    expect(await metrics()).toContain(`gatewright_generation_requests{generation="${generation}"} 1`);
    answer(held[0]!);
    await call;
    await expect.poll(metrics, { timeout: 10_000 }).toContain(`${DRAINING} 0`);
  });

  it('are cut at the deadline of the drain, not before', async () => {
    const url = await begin(configuration({ first: first.url }));
    await callTool(url, 'one');
    const held: Received[] = [];
    first.behave((received) => held.push(received));
    const call = callTool(url, 'one');
    await first.until(() => held.length === 1);
    const drain = { window: '10ms', deadline: '300ms' };
    const startedMs = performance.now();
    await applied(configuration({ second: second.url }, { reload: { drain } }));
    const { body } = await call;
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(290);
    expect(body.error.data.code).toBe('shutting_down');
  });
});

describe('what a reload leaves alone', () => {
  const withStdio = (prefix: string, tools: readonly string[], over: object = {}): string => {
    const yaml = JSON.parse(configuration({ first: first.url }));
    yaml.servers.main.expose = [{ upstream: 'first', prefix }, { upstream: 'child' }];
    yaml.upstreams.child = { type: 'stdio', command: [process.execPath, STDIO_SERVER, ...tools], ...over };
    return JSON.stringify(yaml);
  };
  const processes = async (): Promise<readonly number[]> =>
    (await gateway.status()).upstreams.child!.processes;

  it('keeps the process and the connections of an upstream that does not change', async () => {
    const url = await begin(withStdio('a_', ['pid']));
    const ports: (number | undefined)[] = [];
    first.behave((received) => {
      ports.push(received.request.socket.remotePort);
      answer(received);
    });
    const { pid } = told((await callTool(url, 'pid')).body.result);
    await callTool(url, 'a_one');
    for (const prefix of ['b_', 'c_', 'd_', 'e_', 'f_', 'g_']) {
      await applied(withStdio(prefix, ['pid']));
      expect(told((await callTool(url, 'pid')).body.result).pid).toBe(pid);
      await callTool(url, `${prefix}one`);
    }
    expect(await processes()).toEqual([pid]);
    expect(ports).toHaveLength(7);
    expect(new Set(ports).size).toBe(1);
  });

  it('gives an upstream that changes a new process, and ends the old one', async () => {
    const url = await begin(withStdio('a_', ['pid']));
    const { pid } = told((await callTool(url, 'pid')).body.result);
    await applied(withStdio('a_', ['pid'], { env: { COLOUR: 'blue' } }));
    const renewed = told((await callTool(url, 'pid')).body.result);
    expect(renewed.pid).not.toBe(pid);
    expect(renewed.env).toEqual({ COLOUR: 'blue' });
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    await expect.poll(processes, { timeout: 10_000 }).toEqual([renewed.pid]);
  });
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('listeners', () => {
  const on = (ports: Readonly<Record<string, number>>): string => {
    const yaml = JSON.parse(configuration({ first: first.url }));
    for (const [name, port] of Object.entries(ports)) yaml.listeners[name] = { bind: `127.0.0.1:${port}` };
    yaml.servers.main.at = Object.keys(ports).map((listener) => ({ listener, path: '/mcp' }));
    return JSON.stringify(yaml);
  };
  const code = (port: number): Promise<string | number> =>
    callTool(`http://127.0.0.1:${port}/mcp`, 'one').then(
      ({ status: found }) => found,
      (error: NodeJS.ErrnoException) => error.code ?? String(error),
    );

  it('lets a call finish whose listener is removed under it', async () => {
    const [a, b] = [await freePort(), await freePort()];
    await begin(on({ main: a, more: b }));
    expect(await code(b)).toBe(200);
    const held: Received[] = [];
    first.behave((received) => held.push(received));
    const call = code(b);
    await first.until(() => held.length === 1);
    await applied(on({ main: a }));
    expect((await gateway.status()).listeners.map(({ name }) => name)).not.toContain('more');
    answer(held[0]!);
    expect(await call).toBe(200);
  });
});

describe('streams and sessions', () => {
  /** Two servers with an upstream each; what is given is laid over the expose entry of each. */
  const two = (one: object = {}, other: object | null = {}): string => {
    const yaml = JSON.parse(configuration({ first: first.url, second: second.url }));
    const server = (path: string, upstream: string, over: object) => ({
      at: [{ listener: 'main', path }],
      anonymous: true,
      expose: [{ upstream, ...over }],
    });
    yaml.servers = { one: server('/one', 'first', one) };
    if (other === null) delete yaml.upstreams.second;
    else yaml.servers.two = server('/two', 'second', other);
    yaml.reload = { drain: { window: '10ms' } };
    return JSON.stringify(yaml);
  };
  const listed = async (url: string, session: Readonly<Record<string, string>>) => {
    const answered = await legacyRequest(url, 'tools/list', {}, session);
    if (answered.status !== 200) return answered.status;
    return JSON.parse(answered.text).result.tools.map(({ name }: { name: string }) => name);
  };

  it('a session survives the reload of another server, and sees what its own changes to', async () => {
    const url = await begin(two(), '/one');
    const session = await openSession(url);
    expect(await listed(url, session)).toEqual(['one']);
    const upstreamSessions = [...first.sessions];
    for (const prefix of ['a_', 'b_', 'c_', 'd_', 'e_']) {
      await applied(two({}, { prefix }));
      expect(await listed(url, session)).toEqual(['one']);
    }
    expect([...first.sessions]).toEqual(upstreamSessions);
    await applied(two({ prefix: 'x_' }));
    expect(await listed(url, session)).toEqual(['x_one']);
    const called = await legacyRequest(url, 'tools/call', { name: 'x_one', arguments: {} }, session);
    expect(JSON.parse(called.text).result).toBeDefined();
    const old = await legacyRequest(url, 'tools/call', { name: 'one', arguments: {} }, session);
    expect(JSON.parse(old.text).error.message).toBe('Unknown tool: one');
  });

  it('a session goes with its server, and is known at no other', async () => {
    const one = await begin(two(), '/one');
    const other = await urlOf('/two');
    const session = await openSession(other);
    expect(await listed(one, session)).toBe(404);
    expect(await listed(other, session)).toEqual(['two']);
    await applied(two({}, null));
    expect(await listed(one, session)).toBe(404);
    await applied(two());
    expect(await listed(other, session)).toBe(404);
    expect(await listed(one, { 'mcp-session-id': 'x'.repeat(43) })).toBe(404);
  });

  it('the stream of a session costs nothing in reloads of other servers, however many', async () => {
    const url = await begin(two(), '/one');
    first.onGet((_request, response) => {
      openStream(response);
      tell = () => response.write(event({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }));
    });
    let tell: (() => void) | undefined;
    const session = await openSession(url);
    const stream = await EventStreamClient.open(url, {
      headers: { ...session, accept: 'text/event-stream' },
    });
    await first.until(() => tell !== undefined);
    for (const prefix of ['a_', 'b_', 'c_', 'd_', 'e_', 'f_']) await applied(two({}, { prefix }));
    tell!();
    await stream.message(({ method }) => method === 'notifications/tools/list_changed');
    stream.close();
  });

  it('the stream of a session tells that its lists have changed, and ends, when its server changes', async () => {
    const url = await begin(two(), '/one');
    const session = await openSession(url);
    const headers = { ...session, accept: 'text/event-stream' };
    const stream = await EventStreamClient.open(url, { headers });
    await applied(two({ prefix: 'x_' }));
    await stream.message(({ method }) => method === 'notifications/tools/list_changed');
    expect(await stream.over).toBe('ended');
  });

  it('the stream of a session is told that lists have changed only where they may have', async () => {
    const yaml = (
      edit: (one: { [field: string]: unknown }, whole: { [section: string]: unknown }) => void,
    ) => {
      const whole = JSON.parse(two());
      whole.reload.drain.window = '1s';
      edit(whole.servers.one, whole);
      return JSON.stringify(whole);
    };
    const policy = (allow: string) => ({ rule: { type: 'cel', allow } });
    const steps: readonly (readonly [changes: boolean, text: string])[] = [
      [
        false,
        yaml((one, whole) => {
          one.limits = ['calls'];
          whole.limits = { calls: { type: 'rate', rate: '1000/s', key: [] } };
        }),
      ],
      [
        false,
        yaml((one) => {
          one.at = [
            { listener: 'main', path: '/one' },
            { listener: 'main', path: '/again' },
          ];
        }),
      ],
      [
        true,
        yaml((one, whole) => {
          one.policies = ['rule'];
          whole.policies = policy("tool.name == 'one'");
        }),
      ],
      [
        true,
        yaml((one, whole) => {
          one.policies = ['rule'];
          whole.policies = policy("tool.name == 'none'");
        }),
      ],
      [true, yaml(() => undefined)],
    ];
    const url = await begin(two(), '/one');
    const session = await openSession(url);
    const headers = { ...session, accept: 'text/event-stream' };
    const otherUrl = await urlOf('/two');
    for (const [changes, text] of steps) {
      const stream = await EventStreamClient.open(url, { headers });
      const other = await EventStreamClient.open(otherUrl, {
        headers: { ...(await openSession(otherUrl)), accept: 'text/event-stream' },
      });
      await applied(text);
      expect(await stream.over).toBe('ended');
      const told = stream.messages.map(({ method }) => method);
      expect(told.includes('notifications/tools/list_changed')).toBe(changes);
      expect(other.messages).toEqual([]);
      other.close();
    }
  });

  it('the stream of a session ends when its server changes, and does not come back without what is now asked for', async () => {
    const { key, hash } = makeApiKey('a1');
    const guarded = JSON.parse(two());
    guarded.identity = { robots: { type: 'api-key', keysFile: './keys.yaml' } };
    delete guarded.servers.one.anonymous;
    guarded.servers.one.identity = ['robots'];
    await gateway.writeBeside('keys.yaml', JSON.stringify({ keys: [{ id: 'a1', hash, servers: ['one'] }] }));
    const url = await begin(two(), '/one');
    const session = await openSession(url);
    const headers = { ...session, accept: 'text/event-stream' };
    const stream = await EventStreamClient.open(url, { headers });
    await applied(JSON.stringify(guarded));
    expect(await stream.over).toBe('ended');
    await expect(EventStreamClient.open(url, { headers })).rejects.toThrow('no stream: 401');
    expect(await listed(url, session)).toBe(401);
    const authorization = `Bearer ${key}`;
    expect(await listed(url, { ...session, authorization })).toBe(404);
    expect(await listed(url, await openSession(url, { authorization }))).toEqual(['one']);
  });

  it('a session ends after its time, however busy it is', async () => {
    const yaml = JSON.parse(two());
    yaml.sessions = { idle: '2s', absolute: '3s' };
    const url = await begin(JSON.stringify(yaml), '/one');
    const session = await openSession(url);
    expect(await listed(url, session)).toEqual(['one']);
    await expect.poll(() => listed(url, session), { timeout: 20_000, interval: 20 }).toBe(404);
  });

  const acknowledge: Behaviour = ({ message, response }) => {
    openStream(response);
    const _meta = { 'io.modelcontextprotocol/subscriptionId': message.id };
    const params = { notifications: message.params?.notifications, _meta };
    response.write(event({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params }));
  };

  it('a subscription lasts through reloads of other servers and ends in order when its own changes', async () => {
    const url = await begin(two(), '/one');
    first.on('subscriptions/listen', acknowledge);
    const params = { notifications: { toolsListChanged: true } };
    const stream = await EventStreamClient.open(
      url,
      { method: 'POST', headers: modernHeaders('subscriptions/listen', params, {}) },
      modernBody('subscriptions/listen', params, { id: 'sub' }),
    );
    await stream.message(({ method }) => method === 'notifications/subscriptions/acknowledged');
    for (const prefix of ['a_', 'b_', 'c_', 'd_', 'e_', 'f_']) await applied(two({}, { prefix }));
    expect(stream.messages.some(({ result }) => result !== undefined)).toBe(false);
    await applied(two({ prefix: 'x_' }));
    expect(await stream.over).toBe('ended');
    expect(stream.messages.at(-1)).toMatchObject({ id: 'sub', result: { resultType: 'complete' } });
  });
});
