import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AskingUpstream, startAskingUpstream } from '../e2e/clients/upstreams/asking-http.ts';
import { openV1 } from '../e2e/clients/v1-peer.ts';
import { ableCall, answersTo, askedBy, named, outcomeOf, retryCall } from '../support/asking.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { keyedCallers } from '../support/keyed-callers.ts';
import { legacyMessage, legacyRequest, openSession, streamedRequest } from '../support/legacy-client.ts';
import { callTool } from '../support/modern-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { isRedisMissing, RedisServer } from '../support/redis-server.ts';
import { type Replica, Replicas } from '../support/replicas.ts';
import { startRoundRobin } from '../support/round-robin.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

/** What is gone is told at once; the rest is the load of the machine. */
const AT_ONCE_MS = 2000;

let store: RedisServer;
let upstream: FastUpstream;
let asking: AskingUpstream;

const upstreams = (): Record<string, string> => ({ tracker: upstream.url, asking: asking.url });
const order = (id: number) => ({
  id,
  method: 'tools/call',
  params: { name: 'order', arguments: { item: 'tea' } },
});
const ASKABLE = { capabilities: { elicitation: {} } };

const metricsOf = async ({ opsUrl }: Replica): Promise<string> => (await fetch(`${opsUrl}/metrics`)).text();

/** The sum of a metric's samples, of all or of those with a label. */
const metric = async (replica: Replica, name: string, label = ''): Promise<number> =>
  [...(await metricsOf(replica)).matchAll(new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)$`, 'gm'))]
    .filter(([, labels = '']) => labels.includes(label))
    .map(([, , value]) => Number(value))
    .reduce((sum, value) => sum + value, 0);

/** Resolves when each of them knows of `count`. */
const know = (all: readonly Replica[], count: number): Promise<unknown> =>
  vi.waitFor(
    async () => {
      for (const each of all) expect(await metric(each, 'gatewright_replicas')).toBe(count);
    },
    { timeout: 30_000 },
  );

const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  const startedMs = performance.now();
  const result = await work;
  expect(performance.now() - startedMs).toBeLessThan(ms);
  return result;
};

describe.skipIf(isRedisMissing)('replicas behind a load balancer without affinity', () => {
  let replicas: Replicas;
  let three: readonly Replica[];
  let balancer: Awaited<ReturnType<typeof startRoundRobin>>;

  beforeAll(async () => {
    upstream = await startToolUpstream('tracker', ['echo']);
    asking = await startAskingUpstream();
    store = await RedisServer.start();
    replicas = await Replicas.open(store, upstreams());
    three = await replicas.startMany(3, {
      over: { server: { protocol: { legacySse: true } }, telemetry: { log: { access: true } } },
    });
    balancer = await startRoundRobin(three.map(({ url }) => url));
  });
  afterAll(async () => {
    await balancer[Symbol.asyncDispose]();
    await replicas[Symbol.asyncDispose]();
    await store.close();
    await asking[Symbol.asyncDispose]();
    await upstream.close();
  });

  it('serve any legacy session, whichever was asked to open it, until it is ended at any', async () => {
    const session = await openSession(balancer.url);
    for (let id = 1; id <= 9; id += 1)
      expect((await legacyMessage(balancer.url, session, { id, method: 'tools/list' })).status).toBe(200);
    const { status } = await rawRequest(three[1]!.url, { method: 'DELETE', headers: session });
    expect(status).toBe(204);
    for (const { url } of three)
      expect((await legacyRequest(url, 'tools/list', {}, session)).status).toBe(404);
  });

  it('serve the client of the first SDK, whom the tool asks while its call is open', async () => {
    for (let round = 0; round < 3; round += 1) {
      await using client = await openV1(balancer.url, { elicit: (message) => ({ name: message }) });
      expect((await client.tools()).sort()).toContain('order');
      const { text } = await client.call('order', { item: 'tea' });
      expect(JSON.parse(text)).toEqual({ action: 'accept', content: { name: '[asking] Who orders tea?' } });
      await client.ping();
    }
    expect(Math.min(...balancer.answered)).toBeGreaterThan(5);
  });

  it('resume a stream at any of them, with what came meanwhile and nothing twice', async () => {
    const [opened, other, third] = three.map(({ url }) => url) as [string, string, string];
    const session = await openSession(opened, {}, ASKABLE);
    const call = { id: 7, method: 'tools/call', params: { name: 'rounds', arguments: { n: 2 } } };
    const stream = await streamedRequest(other, session, call);
    const first = await stream.message(({ method }) => method === 'elicitation/create');
    const seen = stream.events.findLast(({ id }) => id !== undefined)!.id!;
    stream.close();
    expect((await legacyMessage(opened, session, { id: first.id, result: named('Ada') })).status).toBe(202);
    const headers = { ...session, accept: 'text/event-stream', 'last-event-id': seen };
    const resumed = await EventStreamClient.open(third, { headers });
    const second = await resumed.message(({ method }) => method === 'elicitation/create');
    expect(second.params.message).toBe('[asking] Round 2');
    expect((await legacyMessage(third, session, { id: second.id, result: named('Bob') })).status).toBe(202);
    const { result } = await resumed.message(({ id }) => id === 7);
    expect(JSON.parse(result.content[0].text)).toEqual([named('Ada'), named('Bob')]);
    expect(resumed.messages.filter(({ id }) => id === 7)).toHaveLength(1);
    expect(resumed.messages.some(({ params }) => params?.message?.endsWith('Round 1'))).toBe(false);
    resumed.close();
  });

  it('take a call back wherever that is told', async () => {
    const [opened, other, third] = three.map(({ url }) => url) as [string, string, string];
    const session = await openSession(opened, {}, ASKABLE);
    const stream = await streamedRequest(other, session, order(9));
    await stream.message(({ method }) => method === 'elicitation/create');
    const cancelled = once(asking.events, 'cancelled');
    const message = { method: 'notifications/cancelled', params: { requestId: 9 } };
    expect((await legacyMessage(third, session, message)).status).toBe(202);
    expect(await cancelled).toEqual(['order']);
    stream.close();
  });

  it('go on with a parked call at any of them, once', async () => {
    for (const { url } of three) {
      const args = { item: 'tea' };
      const asked = askedBy(await ableCall(url, 'order', args));
      const answers = answersTo(asked, named('Ada'));
      const retries = await Promise.all(
        Array.from({ length: 6 }, () => retryCall(balancer.url, 'order', args, asked, answers)),
      );
      const done = retries.filter(({ body }) => body.result?.content !== undefined);
      expect(done.map(outcomeOf)).toEqual([named('Ada')]);
      expect(retries.filter(({ body }) => body.error?.data?.code === 'state_refused')).toHaveLength(5);
    }
  });

  it('take what is posted to a stream of HTTP+SSE, whichever holds it', async () => {
    const [opened, other] = three;
    const headers = { accept: 'text/event-stream' };
    const stream = await EventStreamClient.open(`${opened!.url}/sse`, { headers });
    await expect.poll(() => stream.events.find(({ event }) => event === 'endpoint')?.data).toBeDefined();
    const { data } = stream.events.find(({ event }) => event === 'endpoint')!;
    const clientInfo = { name: 'a', version: '1' };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
    const posted = await legacyMessage(
      new URL(data!, other!.url).href,
      {},
      { id: 0, method: 'initialize', params },
    );
    expect(posted.status).toBe(202);
    const told = () => stream.events.filter(({ event }) => event === 'message').map((each) => each.data!);
    await expect.poll(() => told().map((text) => JSON.parse(text).id)).toEqual([0]);
    stream.close();
  });

  it('count and log each request once, where it was answered, with the address of its client', async () => {
    const [owner, other] = three as readonly [Replica, Replica, Replica];
    const session = await openSession(owner.url);
    const answered = () => metric(other, 'gatewright_requests_total', 'server="main"');
    const handedOver = () => metric(other, 'gatewright_handed_over_total');
    const before = [await answered(), await handedOver()] as const;
    const headers = {
      ...session,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'ping' });
    const answer = await rawRequest(other.url, { method: 'POST', headers, body, from: '127.0.0.77' });
    expect(answer.status).toBe(200);
    expect([await answered(), await handedOver()]).toEqual([before[0], before[1] + 1]);
    await expect.poll(() => metric(other, 'gatewright_requests_in_flight', 'listener="main"')).toBe(0);
    const lines = ({ cli }: Replica) => cli.err.split('\n').filter((line) => line.includes('127.0.0.77'));
    await expect.poll(() => lines(owner).length).toBe(1);
    expect(lines(owner)[0]).toContain(String(answer.headers['x-correlation-id']));
    expect(lines(other)).toEqual([]);
  });

  it('do not show a session to another caller, whom the owner identifies itself', async () => {
    const { yaml, files, tokens } = keyedCallers(['alice', 'mallory'], upstreams());
    const { identity, servers } = JSON.parse(yaml) as { identity: object; servers: object };
    const over = { identity, servers };
    const [owner, other] = await replicas.startMany(2, { over, files });
    const as = (name: string) => ({ authorization: `Bearer ${tokens[name]}` });
    const session = await openSession(owner!.url, as('alice'));
    const list = (headers: Record<string, string>) => legacyRequest(other!.url, 'tools/list', {}, headers);
    expect((await list(session)).status).toBe(200);
    expect((await list({ ...session, ...as('mallory') })).status).toBe(404);
    expect((await list({ 'mcp-session-id': session['mcp-session-id']! })).status).toBe(401);
    expect((await list({ ...session, 'x-gatewright-peer': 'forged' })).status).toBe(200);
  });

  it('serve nobody at the port of peers who has not got the key', async () => {
    const { peerHost, peerPort } = three[0]!;
    const before = await metric(three[0]!, 'gatewright_peers_refused_total');
    const socket = connect(peerPort, peerHost);
    socket.write(
      'POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nx-gatewright-peer: x\r\ncontent-length: 0\r\n\r\n',
    );
    let answer = '';
    for await (const chunk of socket.setEncoding('latin1')) answer += chunk;
    expect(answer).not.toContain('HTTP');
    expect(await metric(three[0]!, 'gatewright_peers_refused_total')).toBe(before + 1);
  });

  it('go on while the sealing key is exchanged step by step, one replica after the other', async () => {
    const keysOf = (...names: string[]) => ({ keys: names.map((name) => `\${file:./${name}}`) });
    const files = {
      old: 'the key of before, of 32 bytes or more',
      new: 'the key of after, of 32 bytes or more',
    };
    const pair = await replicas.startMany(2, { over: { sealing: keysOf('old') }, files });
    const session = await openSession(pair[0]!.url);
    const reload = async ({ file, opsUrl }: Replica, ...names: string[]): Promise<void> => {
      const config = JSON.parse(await readFile(file, 'utf8')) as object;
      await writeFile(file, JSON.stringify({ ...config, sealing: keysOf(...names) }));
      const answer = await fetch(`${opsUrl}/-/reload`, { method: 'POST' });
      expect(await answer.json()).toMatchObject({ result: expect.stringMatching(/applied|unchanged/) });
    };
    for (const names of [['old', 'new'], ['new', 'old'], ['new']])
      for (const replica of pair) {
        await reload(replica, ...names);
        // A connection of its own, whichever key is first at either end.
        const sessions = [await openSession(pair[0]!.url), await openSession(pair[1]!.url)];
        if (names.length > 1) sessions.push(session);
        for (const each of sessions)
          for (const { url } of pair) expect((await legacyRequest(url, 'ping', {}, each)).status).toBe(200);
      }
  });

  it('with several threads each, serve a session that any thread of any of them holds', async () => {
    const pair = await replicas.startMany(2, { over: { workers: 2 } });
    await using both = await startRoundRobin(pair.map(({ url }) => url));
    for (let round = 0; round < 4; round += 1) {
      const session = await openSession(both.url);
      const answers = await Promise.all(
        Array.from({ length: 16 }, (_, id) => legacyMessage(both.url, session, { id, method: 'tools/list' })),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    }
  });
});

describe.skipIf(isRedisMissing)('a replica that ends', () => {
  let replicas: Replicas;
  let owner: Replica;
  let other: Replica;

  beforeAll(async () => {
    upstream = await startToolUpstream('tracker', ['echo']);
    asking = await startAskingUpstream();
    store = await RedisServer.start();
  });
  afterAll(async () => {
    await store.close();
    await asking[Symbol.asyncDispose]();
    await upstream.close();
  });
  beforeEach(async () => {
    await store.command('FLUSHALL');
    replicas = await Replicas.open(store, upstreams());
    const shutdown = { window: '10s', deadline: '40s' };
    const pair = await replicas.startMany(2, { over: { shutdown } });
    [owner, other] = pair as [Replica, Replica];
    await know(pair, 2);
  });
  afterEach(() => replicas[Symbol.asyncDispose]());

  it('by a crash: what only it had is answered by code at once, and the rest goes on', async () => {
    const session = await openSession(owner.url, {}, ASKABLE);
    const args = { item: 'tea' };
    const asked = askedBy(await ableCall(owner.url, 'order', args));
    const stream = await streamedRequest(other.url, session, order(3));
    await stream.message(({ method }) => method === 'elicitation/create');
    const seen = stream.events.findLast(({ id }) => id !== undefined)!.id!;
    const executed = once(asking.events, 'executed');
    const plain = { ...session, 'mcp-protocol-version': '2025-06-18' };
    const params = { name: 'hasty', arguments: {} };
    const open = legacyMessage(other.url, plain, { id: 4, method: 'tools/call', params }).catch(
      () => undefined,
    );
    await executed;
    owner.cli.child.kill('SIGKILL');
    expect(await stream.over).toBe('cut');
    expect((await within(AT_ONCE_MS, open))?.status).not.toBe(503);
    const answer = await within(AT_ONCE_MS, legacyRequest(other.url, 'tools/list', {}, session));
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text).error.data).toMatchObject({ code: 'session_not_found' });
    const headers = { ...session, accept: 'text/event-stream', 'last-event-id': seen };
    expect((await within(AT_ONCE_MS, rawRequest(other.url, { headers }))).status).toBe(404);
    const retried = await within(
      AT_ONCE_MS,
      retryCall(other.url, 'order', args, asked, answersTo(asked, named('Ada'))),
    );
    expect(retried.body.error.data).toMatchObject({ code: 'state_refused' });
    expect((await callTool(other.url, 'echo')).status).toBe(200);
    expect((await openSession(other.url))['mcp-session-id']).toBeDefined();
    await know([other], 1);
  });

  it('in order: its sessions are served through the others until what is in flight has ended', async () => {
    const session = await openSession(owner.url, {}, ASKABLE);
    const stream = await streamedRequest(owner.url, session, order(3));
    const question = await stream.message(({ method }) => method === 'elicitation/create');
    const listening = await EventStreamClient.open(other.url, {
      headers: { ...session, accept: 'text/event-stream' },
    });
    const elsewhere = { ...(await openSession(other.url)), accept: 'text/event-stream' };
    const through = await EventStreamClient.open(owner.url, { headers: elsewhere });
    owner.cli.child.kill('SIGTERM');
    expect(await listening.over).toBe('ended');
    expect(await through.over).toBe('ended');
    (await EventStreamClient.open(other.url, { headers: elsewhere })).close();
    const refused = await rawRequest(other.url, { headers: { ...session, accept: 'text/event-stream' } });
    expect(refused.status).toBe(503);
    expect((await legacyRequest(other.url, 'tools/list', {}, session)).status).toBe(200);
    expect((await legacyMessage(other.url, session, { id: question.id, result: named('Ada') })).status).toBe(
      202,
    );
    const { result } = await stream.message(({ id }) => id === 3);
    expect(JSON.parse(result.content[0].text)).toEqual(named('Ada'));
    expect(await owner.cli.exited()).toBe(0);
    const gone = await within(AT_ONCE_MS, legacyRequest(other.url, 'tools/list', {}, session));
    expect(gone.status).toBe(404);
    expect(await metric(other, 'gatewright_replicas')).toBeGreaterThan(0);
  });

  it('by hanging: nobody waits for it for ever', async () => {
    const session = await openSession(owner.url);
    expect((await legacyRequest(other.url, 'ping', {}, session)).status).toBe(200);
    owner.cli.child.kill('SIGSTOP');
    try {
      const answer = await within(15_000, legacyRequest(other.url, 'ping', {}, session));
      expect([404, 503]).toContain(answer.status);
      await know([other], 1);
      expect((await within(15_000, legacyRequest(other.url, 'ping', {}, session))).status).toBe(404);
      expect((await within(AT_ONCE_MS, legacyRequest(other.url, 'ping', {}, session))).status).toBe(404);
    } finally {
      owner.cli.child.kill('SIGCONT');
    }
  });

  it('is not looked for in a store that is away: known ones are still reached', async () => {
    const session = await openSession(owner.url);
    const stranger = await replicas.start({ over: {} });
    await know([owner, other, stranger], 3);
    await store.stop();
    try {
      expect((await legacyRequest(other.url, 'ping', {}, session)).status).toBe(200);
      owner.cli.child.kill('SIGKILL');
      await once(owner.cli.child, 'exit');
      expect((await within(AT_ONCE_MS, legacyRequest(other.url, 'ping', {}, session))).status).toBe(404);
      // It is not known any more, and nobody can be asked: the session may live.
      expect((await legacyRequest(other.url, 'ping', {}, session)).status).toBe(503);
    } finally {
      await store.resume();
    }
    await know([other, stranger], 2);
    expect((await legacyRequest(other.url, 'ping', {}, session)).status).toBe(404);
  });
});
