import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { LegacyOpening, Link, Upstream } from '../../../runtime/upstream/link.ts';
import type { Message } from '../../../runtime/upstream/message.ts';
import { createUpstream } from '../../../runtime/upstream/upstream.ts';
import { startEverything } from '../../support/everything/server.ts';
import { freePort } from '../../support/free-port.ts';
import { until } from './polling.ts';
import { type RecordingSink, send } from './recording-sink.ts';
import { httpNode, OPENING, stdioNode, testContext } from './test-context.ts';

const MODULES = join(import.meta.dirname, '../../../node_modules');
const EVERYTHING = join(MODULES, '@modelcontextprotocol/server-everything/dist/index.js');
const FILESYSTEM = join(MODULES, '.bin/mcp-server-filesystem');
const FIXTURE = join(import.meta.dirname, '../../support/everything/main.ts');

const closing: (() => Promise<unknown>)[] = [];

const keep = (upstream: Upstream): Upstream => {
  closing.unshift(() => upstream.close());
  return upstream;
};

const ask = async (link: Link, method: string, params = {}): Promise<Record<string, unknown>> => {
  const { sink } = send(link, method, params);
  await sink.ended;
  if (sink.error !== undefined) throw sink.error;
  expect(sink.response?.error).toBeUndefined();
  return sink.response?.result as Record<string, unknown>;
};

const call = (link: Link, name: string, args = {}): RecordingSink =>
  send(link, 'tools/call', { name, arguments: args }).sink;

const text = (sink: RecordingSink): string => {
  const { content } = sink.response!.result as { content: { text: string }[] };
  return content[0]?.text ?? '';
};

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

describe('server-everything over stdio', () => {
  const open = (env = {}): Upstream =>
    keep(createUpstream(stdioNode('node', [EVERYTHING, 'stdio'], { env }), testContext()));

  test('is found to be legacy, lists and calls', async () => {
    const upstream = open();
    expect(await upstream.eraFor('modern')).toBe('legacy');
    const link = await upstream.legacy(OPENING);
    expect(link.peer).toMatchObject({ protocolVersion: '2025-11-25' });
    const { tools } = (await ask(link, 'tools/list')) as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toContain('echo');
    const sink = call(link, 'echo', { message: 'hello' });
    await sink.ended;
    expect(text(sink)).toBe('Echo: hello');
  });

  test('reports progress to the call it belongs to', async () => {
    const link = await open().legacy(OPENING);
    const sink = call(link, 'trigger-long-running-operation', { duration: 0.3, steps: 3 });
    await sink.ended;
    expect(sink.messages.map(({ method }) => method)).toContain('notifications/progress');
    expect(sink.response).toBeDefined();
  });

  test('shows no variable but those that are named', async () => {
    process.env.SECRET_OF_THE_GATEWAY = 'leaks';
    const link = await open({ ONLY: 'this' }).legacy(OPENING);
    const sink = call(link, 'get-env');
    await sink.ended;
    delete process.env.SECRET_OF_THE_GATEWAY;
    expect(JSON.parse(text(sink))).toEqual({ ONLY: 'this' });
  });
});

test('server-filesystem over stdio, by the name of its script, reads what it was given', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewright-')));
  await writeFile(join(folder, 'note.txt'), 'grüße');
  closing.push(() => rm(folder, { recursive: true }));
  const upstream = keep(createUpstream(stdioNode(FILESYSTEM, [folder]), testContext()));
  expect(await upstream.eraFor('legacy')).toBe('legacy');
  const link = await upstream.legacy(OPENING);
  const sink = call(link, 'read_text_file', { path: join(folder, 'note.txt') });
  await sink.ended;
  expect(text(sink)).toBe('grüße');
});

describe('server-everything over streamable HTTP', () => {
  const start = async (): Promise<Upstream> => {
    const port = await freePort();
    const env = { PORT: String(port) };
    const child: ChildProcess = spawn(process.execPath, [EVERYTHING, 'streamableHttp'], {
      env,
      stdio: 'pipe',
    });
    closing.push(
      () =>
        new Promise((resolve) => {
          child.once('exit', resolve);
          child.kill('SIGKILL');
        }),
    );
    let printed = '';
    child.stderr?.on('data', (chunk) => {
      printed += String(chunk);
    });
    child.stdout?.resume();
    await until(() => printed.includes(String(port)));
    return keep(createUpstream(httpNode(`http://127.0.0.1:${port}/mcp`), testContext()));
  };

  test('is found to be legacy for clients of both eras, and serves sessions', async () => {
    const upstream = await start();
    expect(await upstream.eraFor('modern')).toBe('legacy');
    expect(await upstream.eraFor('legacy')).toBe('legacy');
    const link = await upstream.legacy({ ...OPENING, listen: true });
    const sink = call(link, 'trigger-long-running-operation', { duration: 0.2, steps: 2 });
    await sink.ended;
    expect(sink.messages.map(({ method }) => method)).toContain('notifications/progress');
    await link.close();
    expect(upstream.state().links).toBe(0);
  });

  test('asks the client during a call, and takes the answer', async () => {
    const upstream = await start();
    const link = await upstream.legacy({ ...OPENING, capabilities: { sampling: {} }, listen: true });
    const answer = (message: Message): void =>
      link.send(
        JSON.stringify({
          jsonrpc: '2.0',
          id: message.id,
          result: { role: 'assistant', model: 'm', content: { type: 'text', text: 'sampled words' } },
        }),
      );
    const asked: unknown[] = [];
    link.onUnsolicited = (_text, message) => {
      if (message.method !== 'sampling/createMessage') return;
      asked.push('on the GET stream');
      answer(message);
    };
    const sink = call(link, 'trigger-sampling-request', { prompt: 'say something', maxTokens: 10 });
    void sink
      .until(() => sink.messages.some(({ method }) => method === 'sampling/createMessage'))
      .then(() => {
        asked.push('on the stream of the call');
        answer(sink.messages.find(({ method }) => method === 'sampling/createMessage')!);
      });
    await sink.ended;
    expect(sink.response?.text).toContain('sampled words');
    expect(asked).toHaveLength(1);
  });
});

describe('a server of the v2 SDK, which speaks both eras', () => {
  const serve = async (): Promise<Upstream> => {
    const everything = await startEverything();
    closing.push(() => everything.close());
    return keep(createUpstream(httpNode(everything.url), testContext()));
  };

  test('is spoken to in the era of the client, over HTTP', async () => {
    const upstream = await serve();
    expect(await upstream.eraFor('modern')).toBe('modern');
    expect(await upstream.eraFor('legacy')).toBe('legacy');
    const modern = call(await upstream.modern(), 'test_simple_text');
    await modern.ended;
    expect(modern.response?.result).toMatchObject({ resultType: 'complete' });
    const legacy = call(await upstream.legacy(OPENING), 'test_simple_text');
    await legacy.ended;
    expect(legacy.response?.result).not.toHaveProperty('resultType');
    expect(text(legacy)).toBe(text(modern));
  });

  test('streams progress in both eras', async () => {
    const upstream = await serve();
    for (const link of [await upstream.modern(), await upstream.legacy(OPENING)]) {
      const { id, sink } = send(link, 'tools/call', { name: 'test_tool_with_progress', arguments: {} });
      await sink.ended;
      const progress = sink.messages.filter(({ method }) => method === 'notifications/progress');
      expect(progress.length, link.era).toBeGreaterThan(0);
      expect(progress[0]?.params).toMatchObject({ progressToken: id });
      expect(sink.response, link.era).toBeDefined();
    }
  });

  test('closes the stream of a legacy call, and it is resumed', async () => {
    const sink = call(await (await serve()).legacy(OPENING), 'test_reconnection');
    await sink.ended;
    expect(sink.events).toContain('suspend');
    expect(sink.error).toBeUndefined();
    expect(sink.response).toBeDefined();
  });

  test('is spoken to in the era of the client, over stdio, in a process for each', async () => {
    const upstream = keep(createUpstream(stdioNode('node', [FIXTURE, '--stdio']), testContext()));
    expect(await upstream.eraFor('modern')).toBe('modern');
    expect(await upstream.eraFor('legacy')).toBe('legacy');
    const opening: LegacyOpening = OPENING;
    for (const link of [await upstream.modern(), await upstream.legacy(opening)]) {
      const sink = call(link, 'test_simple_text');
      await sink.ended;
      expect(sink.response?.result, link.era).toMatchObject({ content: [{ type: 'text' }] });
    }
    expect(upstream.state().processes).toHaveLength(2);
  });

  test('tells a listening modern client of changes, over stdio', async () => {
    const upstream = keep(createUpstream(stdioNode('node', [FIXTURE, '--stdio']), testContext()));
    const link = await upstream.modern();
    const { sink } = send(link, 'subscriptions/listen', { notifications: { toolsListChanged: true } });
    await sink.until(() => sink.messages.length === 1);
    expect(sink.messages[0]?.method).toBe('notifications/subscriptions/acknowledged');
    await call(link, 'test_trigger_tool_change').ended;
    await sink.until(() => sink.messages.length === 2);
    expect(sink.messages[1]?.method).toBe('notifications/tools/list_changed');
  });
});
