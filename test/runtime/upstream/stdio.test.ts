import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Link, Upstream } from '../../../runtime/upstream/link.ts';
import type { Message } from '../../../runtime/upstream/message.ts';
import type { StdioUpstreamNode } from '../../../schema/graph/upstream.ts';
import { OpenedUpstreams } from './opened-upstreams.ts';
import { isAlive, until } from './polling.ts';
import { callEcho, echo, send } from './recording-sink.ts';
import { OPENING, rejection, stdioNode, type TestContext, TIMEOUTS, testContext } from './test-context.ts';

const SERVER = join(import.meta.dirname, 'fixtures', 'stdio-server.ts');

let context: TestContext;
const upstreams = new OpenedUpstreams();

const upstream = (habits: readonly string[] = [], changes: Partial<StdioUpstreamNode> = {}): Upstream =>
  upstreams.open(stdioNode('node', [SERVER, ...habits], changes), context);

/** Whether a child has ended that nobody has been told of. */
const hasEnded = (pid: number): boolean => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

/** Calls a tool and gives its result. */
const tool = async (link: Link, name: string, params: object = {}): Promise<Record<string, unknown>> => {
  const { sink } = send(link, 'tools/call', { name, ...params });
  await sink.ended;
  if (sink.error !== undefined) throw sink.error;
  return sink.response?.result as Record<string, unknown>;
};

beforeEach(() => {
  context = testContext();
});

afterEach(async () => {
  await upstreams.close();
});

describe('a stdio upstream', () => {
  test('starts its process when it is first needed, and multiplexes requests by id', async () => {
    const made = upstream(['legacy']);
    expect(made.state().processes).toEqual([]);
    const link = await made.legacy(OPENING);
    const hanging = send(link, 'tools/call', { name: 'hang' });
    const calls = Array.from({ length: 50 }, () => callEcho(link));
    await Promise.all(calls.map(({ sink }) => sink.ended));
    for (const { id, sink } of calls) expect(sink.response).toMatchObject({ id, result: { content: [{}] } });
    expect(hanging.sink.events).toEqual([]);
    expect(made.state()).toMatchObject({ inFlight: 1, links: 1 });
    expect(made.state().processes).toHaveLength(1);
  });

  test('the child gets exactly the environment that is named, and runs in its directory', async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewright-')));
    context = testContext(folder);
    process.env.GATEWAY_SECRET_OF_TEST = 'leaks';
    process.env.NODE_V8_COVERAGE ??= '';
    const made = upstream(['legacy'], { env: { GREETING: 'hello' } });
    const told = await tool(await made.legacy(OPENING), 'environment');
    expect(told).toEqual({ env: { GREETING: 'hello' }, cwd: folder });
    delete process.env.GATEWAY_SECRET_OF_TEST;
    if (process.env.NODE_V8_COVERAGE === '') delete process.env.NODE_V8_COVERAGE;
    await rm(folder, { recursive: true });
  });

  test('a message with line breaks arrives as one message, so that none can be smuggled in', async () => {
    const link = await upstream(['legacy']).legacy(OPENING);
    const id = link.nextId();
    const smuggled = '{"jsonrpc":"2.0","id":7777,"method":"tools/call","params":{"name":"crash"}}';
    const body = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"a":"\u2028",\r\n"b":\n${smuggled}\n}}}`;
    const { sink } = send(link, 'tools/call', {}, { id, body });
    const result = await Promise.race([
      sink.ended.then(() => sink.response),
      tool(link, 'seen').then(() => undefined),
    ]);
    expect(result).toMatchObject({ id });
    const { seen } = (await tool(link, 'seen')) as {
      seen: { method?: string; params?: { name?: string } }[];
    };
    expect(seen.filter((each) => each.params?.name === 'crash')).toEqual([]);
    expect(seen.map((each) => each.params?.name)).toContain('echo');
  });

  test('progress goes to the request whose token it carries', async () => {
    const link = await upstream(['legacy']).legacy(OPENING);
    const other = send(link, 'tools/call', { name: 'hang' });
    const { id, sink } = send(link, 'tools/call', { name: 'progress' });
    await sink.ended;
    expect(sink.events).toEqual(['stream', 'message', 'message', 'response']);
    expect(sink.messages[0]).toMatchObject({ params: { progressToken: id, progress: 1 } });
    expect(other.sink.events).toEqual([]);
  });

  test('taking a request back tells the upstream, by its own id', async () => {
    const link = await upstream(['legacy']).legacy(OPENING);
    const { id, sink, cancel } = send(link, 'tools/call', { name: 'hang' });
    cancel('changed my mind');
    const { seen } = (await tool(link, 'seen')) as { seen: unknown[] };
    expect(seen).toContainEqual({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: id, reason: 'changed my mind' },
    });
    expect(sink.events).toEqual([]);
  });

  test('a call that is not answered ends at its deadline, and the process lives on', async () => {
    const link = await upstream(['legacy']).legacy(OPENING);
    const { sink } = send(link, 'tools/call', { name: 'hang' }, { timeoutMs: 150 });
    await sink.ended;
    expect(sink.error).toMatchObject({ code: 'upstream_timeout' });
    expect((await echo(link)).response).toBeDefined();
  });

  test('a result over the bound is refused, and the process lives on', async () => {
    const link = await upstream(['legacy']).legacy(OPENING);
    const { sink } = send(link, 'tools/call', { name: 'huge', size: 200_000 }, { maxBytes: 100_000 });
    await sink.ended;
    expect(sink.error).toMatchObject({ code: 'result_too_large' });
    expect((await echo(link)).response).toBeDefined();
  });

  test('what it says on stderr is logged by the line, cut where it is long', async () => {
    const link = await upstream(['legacy']).legacy(OPENING);
    await tool(link, 'complain', { line: `first\n${'x'.repeat(10_000)}\nlast` });
    await until(() => context.logged.some(({ fields }) => fields.line === 'last'));
    const lines = context.logged.filter(({ message }) => message === 'upstream stderr');
    expect(lines.map(({ fields }) => String(fields.line))).toEqual([
      'first',
      expect.stringMatching(/^x{256}… \(truncated\)$/),
      'last',
    ]);
  });

  test('an owner that throws harms no other call', async () => {
    const link = await upstream(['legacy']).legacy(OPENING);
    const broken = send(link, 'tools/call', { name: 'hang' });
    const throwing = send(link, 'tools/call', { name: 'progress' });
    throwing.sink.onMessage = throwing.sink.onResponse = () => {
      throw new Error('a bug');
    };
    link.onUnsolicited = () => {
      throw new Error('a bug');
    };
    await tool(link, 'notify', { notification: 'notifications/tools/list_changed' });
    expect((await echo(link)).response).toBeDefined();
    expect(broken.sink.events).toEqual([]);
    expect(context.logged.filter(({ level }) => level === 'error')).toHaveLength(4);
  });

  test('nonsense on stdout is logged and skipped, and too much of it ends the process', async () => {
    const made = upstream(['legacy', 'noisy']);
    const link = await made.legacy(OPENING);
    expect((await echo(link)).response).toBeDefined();
    expect(context.logged.filter(({ message }) => message.includes('stdout'))).not.toEqual([]);
    const hanging = send(link, 'tools/call', { name: 'hang' });
    send(link, 'tools/call', { name: 'noise', lines: 5000 });
    await hanging.sink.ended;
    expect(hanging.sink.error).toMatchObject({ code: 'upstream_unavailable' });
    expect(link.closed).toBe(true);
    expect(context.logged.length).toBeLessThan(50);
  });
});

describe('the era of a process', () => {
  test('is asked for by server/discover first on behalf of a modern client', async () => {
    const made = upstream(['modern']);
    expect(await made.eraFor('modern')).toBe('modern');
    expect(made.eraAtHand('modern')).toBe('modern');
    const link = await made.modern();
    expect(link.peer).toMatchObject({ protocolVersion: '2026-07-28', capabilities: { tools: {} } });
    expect(made.modernAtHand()).toBe(link);
    expect((await echo(link)).response).toBeDefined();
    expect(made.state().processes).toHaveLength(1);
  });

  test('is legacy where the answer to discovery is any error', async () => {
    const made = upstream(['legacy']);
    expect(await made.eraFor('modern')).toBe('legacy');
    const { seen, initialized } = await tool(await made.legacy(OPENING), 'seen');
    expect(initialized).toBe(1);
    expect((seen as { method?: string }[]).map(({ method }) => method)).toEqual([
      'server/discover',
      'initialize',
      'notifications/initialized',
      'tools/call',
    ]);
  });

  test('is legacy where discovery is not answered at all', async () => {
    const made = upstream(['legacy', 'silent'], { timeouts: { ...TIMEOUTS, connectMs: 5000 } });
    expect(await made.eraFor('modern')).toBe('legacy');
  });

  test('a late answer to discovery still counts', async () => {
    const made = upstream(['modern', 'silent', 'slow'], { timeouts: { ...TIMEOUTS, connectMs: 5000 } });
    expect(await made.eraFor('modern')).toBe('modern');
  });

  test('is that of the client where the server speaks both, in a process for each', async () => {
    const made = upstream();
    expect(await Promise.all([made.eraFor('modern'), made.eraFor('legacy')])).toEqual(['modern', 'legacy']);
    await made.modern();
    await made.legacy(OPENING);
    expect(made.state().processes).toHaveLength(2);
    expect([...made.state().eras].sort()).toEqual(['legacy', 'modern']);
  });

  test('is modern for a legacy client where initialize is refused', async () => {
    expect(await upstream(['modern']).eraFor('legacy')).toBe('modern');
  });

  test('a process that answers nothing fails in time and is ended', async () => {
    const made = upstream(['mute'], { timeouts: { ...TIMEOUTS, connectMs: 1000 } });
    expect(await rejection(made.eraFor('modern'))).toMatchObject({ code: 'upstream_timeout' });
    expect(made.state().processes).toEqual([]);
  });
});

describe('one process and several links', () => {
  test('shared links have one process and one initialize; the process outlives them', async () => {
    const made = upstream(['legacy']);
    const [first, second] = await Promise.all([made.legacy(OPENING), made.legacy(OPENING)]);
    expect(made.state()).toMatchObject({ links: 2 });
    await first.close();
    expect(first.closed).toBe(true);
    expect((await echo(first)).error).toMatchObject({ code: 'upstream_unavailable' });
    expect((await echo(second)).response).toBeDefined();
    await second.close();
    const third = await made.legacy(OPENING);
    expect(await tool(third, 'seen')).toMatchObject({ initialized: 1 });
    expect(made.state().processes).toHaveLength(1);
  });

  test('a closed link fails its own calls and takes them back', async () => {
    const made = upstream(['legacy']);
    const [first, second] = await Promise.all([made.legacy(OPENING), made.legacy(OPENING)]);
    const { id, sink } = send(first, 'tools/call', { name: 'hang' });
    const other = send(second, 'tools/call', { name: 'hang' });
    await first.close();
    expect(sink.error).toMatchObject({ code: 'shutting_down' });
    const { seen } = (await tool(second, 'seen')) as { seen: { params?: { requestId?: number } }[] };
    expect(seen.flatMap(({ params }) => params?.requestId ?? [])).toEqual([id]);
    expect(other.sink.events).toEqual([]);
  });

  test('changes are told to every shared link, logs to one that is alone, requests to none', async () => {
    const made = upstream(['legacy']);
    const told: Record<string, unknown[]> = { first: [], second: [] };
    const first = await made.legacy(OPENING);
    const second = await made.legacy(OPENING);
    first.onUnsolicited = (_text, { method }) => told.first?.push(method);
    second.onUnsolicited = (_text, { method }) => told.second?.push(method);
    await tool(first, 'notify', { notification: 'notifications/tools/list_changed' });
    await tool(first, 'notify', { notification: 'notifications/message' });
    await tool(first, 'ask', { question: 'roots/list' });
    await tool(first, 'ask', { question: 'ping' });
    expect(told).toEqual({
      first: ['notifications/tools/list_changed'],
      second: ['notifications/tools/list_changed'],
    });
    await second.close();
    await tool(first, 'notify', { notification: 'notifications/message' });
    expect(told.first).toEqual(['notifications/tools/list_changed', 'notifications/message']);
    const { seen } = (await tool(first, 'seen')) as { seen: Message[] };
    const answers = seen.filter((each) => each.id === 'question');
    expect(answers).toEqual([
      { jsonrpc: '2.0', id: 'question', error: { code: -32601, message: 'Method not found' } },
      { jsonrpc: '2.0', id: 'question', result: {} },
    ]);
  });

  test('requests of a process of its own go to its link, and the answer goes back', async () => {
    const made = upstream(['legacy'], { isolation: 'per-session' });
    const link = await made.legacy({ ...OPENING, isolationKey: 'session-1', capabilities: { roots: {} } });
    const told: unknown[] = [];
    link.onUnsolicited = (_text, message) => {
      told.push(message.method);
      link.send(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { roots: [] } }));
    };
    await tool(link, 'ask', { question: 'roots/list' });
    const { seen } = (await tool(link, 'seen')) as { seen: Message[] };
    expect(told).toEqual(['roots/list']);
    expect(seen.at(0)).toMatchObject({ method: 'initialize', params: { capabilities: { roots: {} } } });
    expect(seen).toContainEqual({ jsonrpc: '2.0', id: 'question', result: { roots: [] } });
  });

  test('keys that differ never meet in one process, and none is given without a key', async () => {
    const made = upstream(['legacy'], { isolation: 'per-principal' });
    const pids = new Set<unknown>();
    for (const isolationKey of ['alice', 'bob', 'alice']) {
      pids.add((await tool(await made.legacy({ ...OPENING, isolationKey }), 'seen')).pid);
    }
    expect(pids.size).toBe(2);
    expect(await rejection(made.legacy(OPENING))).toMatchObject({ code: 'internal' });
    expect(await rejection(made.modern())).toMatchObject({ code: 'internal' });
  });

  test('the process of a session ends with it; that of a principal when it is idle', async () => {
    const bySession = upstream(['legacy'], { isolation: 'per-session' });
    const link = await bySession.legacy({ ...OPENING, isolationKey: 'session-1' });
    await link.close();
    expect(bySession.state().processes).toEqual([]);
    const byPrincipal = upstream(['legacy'], {
      isolation: 'per-principal',
      timeouts: { ...TIMEOUTS, idleMs: 100 },
    });
    const held = await byPrincipal.legacy({ ...OPENING, isolationKey: 'alice' });
    const left = await byPrincipal.legacy({ ...OPENING, isolationKey: 'bob' });
    await left.close();
    await until(() => byPrincipal.state().processes.length === 1);
    expect((await echo(held)).response).toBeDefined();
  });

  test('a log message of a modern process that belongs to one caller is of the only request that asked for some', async () => {
    const link = await upstream(['modern'], { isolation: 'per-principal' }).modern('alice');
    const silent = send(link, 'tools/call', { name: 'hang' });
    const asking = send(link, 'tools/call', { name: 'hang' }, { wantsLogs: true });
    await tool(link, 'notify', { notification: 'notifications/message' });
    expect(asking.sink.messages).toMatchObject([{ method: 'notifications/message' }]);
    const second = send(link, 'tools/call', { name: 'hang' }, { wantsLogs: true });
    await tool(link, 'notify', { notification: 'notifications/message' });
    expect([asking, second, silent].map(({ sink }) => sink.messages.length)).toEqual([1, 0, 0]);
  });

  test('a log message of a modern process that callers share goes to nobody while two of them have calls', async () => {
    const link = await upstream(['modern']).modern();
    const params = { name: 'notify', notification: 'notifications/message' };
    const listening = send(link, 'subscriptions/listen');
    const own = send(link, 'tools/call', { name: 'hang' }, { isOwn: true, wantsLogs: true });
    const alone = send(link, 'tools/call', params, { wantsLogs: true });
    await alone.sink.ended;
    expect(alone.sink.messages).toMatchObject([{ method: 'notifications/message' }]);
    const silent = send(link, 'tools/call', params);
    await silent.sink.ended;
    const listener = send(link, 'tools/call', { name: 'hang' }, { wantsLogs: true });
    const spoken = send(link, 'tools/call', params);
    await spoken.sink.ended;
    const asking = send(link, 'tools/call', params, { wantsLogs: true });
    await asking.sink.ended;
    expect([own, silent, listener, spoken, asking].map(({ sink }) => sink.messages)).toEqual([
      [],
      [],
      [],
      [],
      [],
    ]);
    expect(listening.sink.messages.map(({ method }) => method)).not.toContain('notifications/message');
  });

  test('a modern process carries subscriptions, each told apart by its id', async () => {
    const link = await upstream(['modern'], {
      timeouts: { ...TIMEOUTS, firstByteMs: 700, callMs: 700 },
    }).modern();
    const listening = send(link, 'subscriptions/listen');
    await listening.sink.until(() => listening.sink.messages.length === 2);
    const hanging = send(link, 'tools/call', { name: 'hang' });
    await hanging.sink.ended;
    expect(hanging.sink.error).toMatchObject({ code: 'upstream_timeout' });
    expect(listening.sink.events).toEqual(['stream', 'message', 'message']);
  });
});

describe('the end of a process', () => {
  test('a crash fails what is in flight, tells the link, and the next use starts another', async () => {
    const made = upstream(['legacy']);
    const link = await made.legacy(OPENING);
    const closed: unknown[] = [];
    link.onClosed = (reason) => closed.push([reason.code, link.closed]);
    const hanging = send(link, 'tools/call', { name: 'hang' });
    const crashing = send(link, 'tools/call', { name: 'crash' });
    await Promise.all([hanging.sink.ended, crashing.sink.ended]);
    expect(hanging.sink.error).toMatchObject({ code: 'upstream_unavailable' });
    expect(crashing.sink.error?.message).toBe('the upstream is unavailable');
    expect(closed).toEqual([['upstream_unavailable', true]]);
    const refused = await rejection(made.legacy(OPENING));
    expect(refused).toMatchObject({ code: 'upstream_unavailable' });
    expect(refused.retryAfterMs).toBeLessThanOrEqual(100);
    let again: Link | undefined;
    await until(async () => {
      again = await made.legacy(OPENING).catch(() => undefined);
      return again !== undefined;
    });
    expect((await echo(again!)).response).toBeDefined();
    expect(context.observed).toEqual(['process started', 'process exited', 'process started']);
  });

  test('a killed child fails what is in flight', async () => {
    const made = upstream(['legacy']);
    const link = await made.legacy(OPENING);
    const { sink } = send(link, 'tools/call', { name: 'hang' });
    process.kill(made.state().processes[0]!, 'SIGKILL');
    await sink.ended;
    expect(sink.error).toMatchObject({ code: 'upstream_unavailable' });
  });

  test('a child that dies in the turn in which calls are written fails them, though nothing of them went out', async () => {
    const made = upstream(['legacy']);
    const link = await made.legacy(OPENING);
    const pid = made.state().processes[0]!;
    const calls = await new Promise<readonly ReturnType<typeof callEcho>[]>((resolve) => {
      // What a timer does comes before the end of the process is heard, and that before what is done at the turn's end.
      setTimeout(() => {
        process.kill(pid, 'SIGKILL');
        while (!hasEnded(pid));
        resolve(Array.from({ length: 3 }, () => callEcho(link)));
      });
    });
    await Promise.all(calls.map(({ sink }) => sink.ended));
    expect(calls.map(({ sink }) => sink.error?.code)).toEqual(new Array(3).fill('upstream_unavailable'));
    expect(made.state().inFlight).toBe(0);
  });

  test('closing leaves no process behind, not even one that ignores being asked', async () => {
    const made = upstream(['legacy', 'stubborn']);
    const link = await made.legacy(OPENING);
    const { sink } = send(link, 'tools/call', { name: 'hang' });
    const [pid] = made.state().processes;
    await made.close();
    expect(isAlive(pid!)).toBe(false);
    expect(sink.error).toMatchObject({ code: 'shutting_down' });
    expect(await rejection(made.legacy(OPENING))).toMatchObject({ code: 'shutting_down' });
    expect(made.state().processes).toEqual([]);
  });

  test('closing while a process starts leaves none behind', async () => {
    const made = upstream(['mute']);
    const starting = rejection(made.legacy(OPENING));
    await until(() => made.state().processes.length === 1);
    const [pid] = made.state().processes;
    await made.close();
    expect(isAlive(pid!)).toBe(false);
    expect(['shutting_down', 'upstream_unavailable']).toContain((await starting).code);
  });

  test('a gateway that ends without closing leaves no child behind', async () => {
    const host = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', 'abrupt-host.ts')]);
    let printed = '';
    host.stdout.on('data', (chunk) => {
      printed += String(chunk);
    });
    expect(await new Promise((resolve) => host.once('close', resolve))).toBe(1);
    expect(Number(printed)).toBeGreaterThan(1);
    await until(() => !isAlive(Number(printed)));
  });

  test('what a child started ends with it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-'));
    const pidFile = join(folder, 'pid');
    const script = join(folder, 'wrapper.sh');
    await writeFile(script, `#!/bin/sh\nsleep 600 & echo $! > ${pidFile}\nexec "$NODE" ${SERVER} legacy\n`, {
      mode: 0o755,
    });
    const made = upstreams.open(
      stdioNode(script, [], { env: { NODE: process.execPath, PATH: '/bin:/usr/bin' } }),
      context,
    );
    await made.legacy(OPENING);
    const grandchild = Number(await readFile(pidFile, 'utf8'));
    expect(isAlive(grandchild)).toBe(true);
    await made.close();
    await until(() => !isAlive(grandchild));
    await rm(folder, { recursive: true });
  });
});

describe('a command that cannot run', () => {
  test.each([
    ['no-such-program-anywhere', []],
    ['./no/such/file', []],
    [SERVER, []],
    ['node', ['-e', 'process.exit(1)']],
  ])('%s %j is unavailable, told without the inside, and not tried again at once', async (command, args) => {
    const made = upstreams.open(stdioNode(command, args), context);
    const first = await rejection(made.eraFor('modern'));
    expect(first).toMatchObject({ code: 'upstream_unavailable', message: 'the upstream is unavailable' });
    const second = await rejection(made.eraFor('modern'));
    expect(second.retryAfterMs).toBeGreaterThan(0);
    expect(context.logged.filter(({ level }) => level === 'warn')).not.toEqual([]);
  });
});
