import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Link, Upstream } from '../../../runtime/upstream/link.ts';
import type { HttpUpstreamNode } from '../../../schema/graph/upstream.ts';
import {
  type FastUpstream,
  hang,
  json,
  refuse,
  reset,
  startFastUpstream,
} from '../../support/fast-upstream.ts';
import { OpenedUpstreams } from './opened-upstreams.ts';
import { until } from './polling.ts';
import { callEcho, echo } from './recording-sink.ts';
import { HEALTH, healthy, kill, QUIET, RETRY } from './several-endpoints.ts';
import { httpNode, OPENING, rejection, type TestContext, testContext } from './test-context.ts';

let servers: FastUpstream[];
let context: TestContext;
const upstreams = new OpenedUpstreams();

const upstream = (changes: Partial<HttpUpstreamNode> = {}): Upstream => {
  const node = httpNode('', {
    endpoints: servers.map(({ url }) => url),
    balance: 'failover',
    health: QUIET,
    era: 'modern',
    ...changes,
  });
  return upstreams.open(node, context);
};

const calls = (): readonly number[] => servers.map((server) => server.calls);

const inFlight = (made: Upstream): readonly number[] =>
  made.state().endpoints!.map((endpoint) => endpoint.inFlight);

const echoes = async (link: Link, count: number, caller = (_at: number) => 'idp:ann'): Promise<void> => {
  for (let at = 0; at < count; at += 1)
    expect((await echo(link, { caller: caller(at) })).response).toBeDefined();
};

beforeEach(async () => {
  servers = await Promise.all([startFastUpstream(), startFastUpstream(), startFastUpstream()]);
  context = testContext();
});

afterEach(async () => {
  await upstreams.close();
  await Promise.all(servers.map((server) => server.close()));
});

describe('calls go', () => {
  test('to the first endpoint, in order of failover', async () => {
    await echoes(await upstream().modern(), 5);
    expect(calls()).toEqual([5, 0, 0]);
  });

  test('to each in turn', async () => {
    await echoes(await upstream({ balance: 'round-robin' }).modern(), 9);
    expect(calls()).toEqual([3, 3, 3]);
  });

  test('to the one with the fewest requests in flight', async () => {
    const made = upstream({ balance: 'least-requests' });
    const link = await made.modern();
    servers[0]!.behave(hang);
    const slow = [0, 1, 2].map(() => callEcho(link));
    await until(() => inFlight(made).join() === '1,0,0');
    await echoes(link, 10);
    expect(servers[0]!.calls).toBe(1);
    for (const { cancel } of slow) cancel('enough');
    expect(inFlight(made)).toEqual([0, 0, 0]);
  });

  test('always to the same one for a principal', async () => {
    const link = await upstream({ balance: 'hash(principal.id)' }).modern();
    await echoes(link, 12, () => 'idp:ann');
    expect([...calls()].sort()).toEqual([0, 0, 12]);
    await echoes(link, 60, (at) => `idp:user-${at}`);
    expect(Math.min(...calls())).toBeGreaterThan(5);
  });
});

describe('an endpoint that is gone', () => {
  test('[INFRA-01] costs its callers nothing: what could not be sent to it goes to the next, within a second', async () => {
    const made = upstream();
    const link = await made.modern();
    await echoes(link, 1);
    await kill(servers[0]!);
    const startedMs = performance.now();
    await echoes(link, 1);
    expect(performance.now() - startedMs).toBeLessThan(1000);
    await echoes(link, 5);
    expect(servers[1]!.calls).toBe(6);
    expect(healthy(made)).toEqual([false, true, true]);
  });

  test('[INFRA-01] gets no calls until it answers a check, and is the first again then', async () => {
    const made = upstream({ health: HEALTH });
    const link = await made.modern();
    const port = await kill(servers[0]!);
    await until(() => healthy(made)[0] === false);
    await echoes(link, 3);
    expect(context.observed.filter((each) => each === 'retry failover')).toEqual([]);
    servers[0] = await startFastUpstream({ port });
    await until(() => healthy(made)[0] === true);
    await echoes(link, 3);
    expect(calls()).toEqual([3, 3, 0]);
  });

  test('does not open the breaker while another one serves', async () => {
    const breaker = { consecutive: 1, windowMs: 10_000, minimumCalls: 20, openForMs: 30_000 };
    const made = upstream({ breaker, retry: RETRY });
    await kill(servers[0]!);
    const link = await made.modern();
    await echoes(link, 3);
    expect(made.state().breaker).toBe('closed');
    const legacy = await made.legacy(OPENING);
    await echoes(legacy, 1);
    expect(made.state().breaker).toBe('closed');
  });

  test('lets calls be tried where none is left, and then opens the breaker', async () => {
    const breaker = { consecutive: 3, windowMs: 10_000, minimumCalls: 20, openForMs: 30_000 };
    const made = upstream({ breaker });
    const link = await made.modern();
    for (const at of [0, 1, 2]) await kill(servers[at]!);
    for (let call = 0; call < 3; call += 1)
      expect((await echo(link)).error).toMatchObject({ code: 'upstream_unavailable' });
    expect((await echo(link)).error).toMatchObject({ code: 'breaker_open' });
  });

  test('is found by checks where it accepts connections and answers nothing', async () => {
    const made = upstream({ health: HEALTH });
    const link = await made.modern();
    servers[0]!.on('server/discover', hang);
    servers[0]!.behave(hang);
    await until(() => healthy(made)[0] === false);
    await echoes(link, 2);
    expect(servers[1]!.calls).toBe(2);
  });

  test('is one that answers 503, and not one that refuses credentials', async () => {
    const made = upstream({ health: HEALTH });
    await made.modern();
    servers[0]!.on('server/discover', refuse(503));
    servers[1]!.on('server/discover', refuse(401));
    await until(() => healthy(made)[0] === false);
    expect(healthy(made)).toEqual([false, true, true]);
    expect(context.observed).toEqual([`unhealthy ${servers[0]!.url}`]);
  });
});

describe('a call', () => {
  test('that may have had an effect is not sent to another endpoint', async () => {
    const link = await upstream({ retry: RETRY }).modern();
    for (const behaviour of [reset, refuse(503)]) {
      servers[0]!.behave(behaviour);
      expect((await echo(link)).error).toMatchObject({ code: 'upstream_unavailable' });
    }
    expect(calls()).toEqual([2, 0, 0]);
  });

  test('that is harmless is retried at another endpoint', async () => {
    const link = await upstream({ retry: RETRY }).modern();
    servers[0]!.behave(refuse(503));
    servers[1]!.behave(reset);
    expect((await echo(link, { idempotent: true })).response).toBeDefined();
    expect(calls()).toEqual([1, 1, 1]);
  });
});

describe('a legacy session', () => {
  test('stays with the endpoint that opened it', async () => {
    const made = upstream({ balance: 'round-robin' });
    const links = [await made.legacy(OPENING), await made.legacy(OPENING), await made.legacy(OPENING)];
    for (const link of links) await echoes(link, 4);
    expect(calls()).toEqual([4, 4, 4]);
  });

  test('is over when its endpoint is gone; the call was not sent, and the next session is opened elsewhere', async () => {
    const made = upstream();
    const link = await made.legacy(OPENING);
    const closed = new Promise((resolve) => {
      link.onClosed = resolve;
    });
    await kill(servers[0]!);
    expect((await echo(link)).error).toMatchObject({ code: 'upstream_unavailable' });
    await closed;
    expect(link.closed).toBe(true);
    await echoes(await made.legacy(OPENING), 1);
    expect(servers[1]!.calls).toBe(1);
  });

  test('is over when checks find its endpoint gone', async () => {
    const made = upstream({ health: HEALTH });
    const link = await made.legacy(OPENING);
    await kill(servers[0]!);
    await until(() => link.closed);
    expect(made.state().links).toBe(0);
  });

  test('that no endpoint opens is refused with what the last one said', async () => {
    for (const server of servers) server.on('initialize', refuse(503));
    expect(await rejection(upstream().legacy(OPENING))).toMatchObject({ code: 'upstream_unavailable' });
    expect(servers.map(({ log }) => log.length)).toEqual([1, 1, 1]);
  });
});

test('checks end with their upstream', async () => {
  const made = upstream({ health: HEALTH });
  await until(() => servers[2]!.log.length > 0);
  await made.close();
  const other = upstream({ health: HEALTH, endpoints: [servers[0]!.url] });
  const asked = servers[0]!.log.length;
  // By then what was under way has come, too.
  await until(() => servers[0]!.log.length > asked + 1);
  const before = servers.map(({ log }) => log.length);
  await until(() => servers[0]!.log.length > before[0]! + 2);
  expect(servers.slice(1).map(({ log }) => log.length)).toEqual(before.slice(1));
  expect(healthy(other)).toEqual([true]);
});

describe('a hedged call', () => {
  const hedge = { afterMs: 40, max: 1 };
  const harmless = { idempotent: true };

  test('is sent once more where it is slow; the first answer counts and the other attempt is taken back', async () => {
    const made = upstream({ retry: { ...RETRY, hedge } });
    const link = await made.modern();
    const gone = new Promise((resolve) => {
      servers[0]!.behave(({ request }) => request.socket.once('close', resolve));
    });
    expect((await echo(link, harmless)).response).toBeDefined();
    await gone;
    expect(calls()).toEqual([1, 1, 0]);
    expect(context.observed).toEqual(['retry hedge']);
    expect(inFlight(made)).toEqual([0, 0, 0]);
    expect(made.state().inFlight).toBe(0);
  });

  test('is sent once more to the only endpoint where there is one, whether or not that is looked after', async () => {
    for (const health of [undefined, QUIET]) {
      const {
        health: _health,
        balance: _balance,
        ...node
      } = httpNode('', {
        endpoints: [servers[0]!.url],
        era: 'modern',
        retry: { ...RETRY, hedge },
      });
      const made = upstreams.open(health === undefined ? node : { ...node, health }, context);
      const link = await made.modern();
      const before = servers[0]!.calls;
      servers[0]!.behave(({ message, response }) => {
        if (servers[0]!.calls === before + 2) json(response, { jsonrpc: '2.0', id: message.id, result: {} });
      });
      expect((await echo(link, harmless)).response).toBeDefined();
      expect(servers[0]!.calls - before).toBe(2);
      expect(made.state().endpoints?.length).toBe(health === undefined ? undefined : 1);
    }
  });

  test('is not sent once more where it is quick, or may have an effect', async () => {
    const quick = await upstream({ retry: { ...RETRY, hedge: { afterMs: 10_000, max: 1 } } }).modern();
    await echo(quick, harmless);
    const link = await upstream({ retry: { ...RETRY, hedge } }).modern();
    servers[0]!.behave(hang);
    expect((await echo(link, { timeoutMs: 300 })).error).toMatchObject({ code: 'upstream_timeout' });
    expect(calls()).toEqual([2, 0, 0]);
  });

  test('fails when all of its attempts have, and not before', async () => {
    const link = await upstream({ retry: { ...RETRY, maxAttempts: 1, hedge } }).modern();
    servers[0]!.behave(({ message, response }) => {
      void until(() => servers[1]!.calls === 1).then(() =>
        json(response, { jsonrpc: '2.0', id: message.id, result: {} }),
      );
    });
    servers[1]!.behave(refuse(503));
    expect((await echo(link, harmless)).response).toBeDefined();
    servers[0]!.behave(({ response, request }) => {
      void until(() => servers[1]!.calls === 2).then(() => request.socket.destroy());
      void response;
    });
    expect((await echo(link, harmless)).error).toMatchObject({ code: 'upstream_unavailable' });
  });

  test('takes all of its attempts back when it is cancelled', async () => {
    const made = upstream({ retry: { ...RETRY, hedge } });
    const link = await made.modern();
    const gone = servers.slice(0, 2).map(
      (server) =>
        new Promise((resolve) => {
          server.behave(({ request }) => request.socket.once('close', resolve));
        }),
    );
    const { cancel } = callEcho(link, harmless);
    await until(() => servers[1]!.calls === 1);
    cancel('enough');
    await Promise.all(gone);
    expect(made.state().inFlight).toBe(0);
  });
});
