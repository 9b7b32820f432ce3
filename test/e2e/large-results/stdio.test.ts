import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { type Layout, largeResponse } from '../../support/large-upstream.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { type RawAnswer, rawRequest } from '../../support/raw-request.ts';
import { SLOW_START } from '../../support/slow-start.ts';

const MIB = 1024 * 1024;
const SERVER = join(import.meta.dirname, 'upstreams', 'large-stdio.ts');
const TYPE = ',"resultType":"complete"';
const EXTRA = ',"futureField":{"n":12345678901234567890.10,"s":"\\ud800\\/"}';

const yaml = (args: readonly string[] = [], over: object = {}): string =>
  configuration(
    {},
    {
      upstreams: { big: { type: 'stdio', ...SLOW_START, command: [process.execPath, SERVER, ...args] } },
      expose: [{ upstream: 'big' }],
      ...over,
    },
  );

const textOf = (idText: string, layout: Layout): string =>
  Buffer.concat([...largeResponse(idText, layout)]).toString('utf8');

const modernCall = (gateway: TestGateway, name: string, args: object): Promise<RawAnswer> => {
  const params = { name, arguments: args };
  return rawRequest(gateway.url(), {
    method: 'POST',
    headers: modernHeaders('tools/call', params, {}),
    body: modernBody('tools/call', params),
  });
};

/** A call whose answer is not read until it is told to. */
const unreadCall = async (gateway: TestGateway, args: object): Promise<http.IncomingMessage> => {
  const params = { name: 'fetch', arguments: args };
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const headers = modernHeaders('tools/call', params, {});
  const request = http.request(gateway.url(), { method: 'POST', agent: false, headers });
  request.on('error', reject).on('response', resolve).end(modernBody('tools/call', params));
  return await promise;
};

/** How many files of a folder this process, which the gateway runs in, has open, with or without a name. */
const openFiles = async (folder: string): Promise<number> => {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return (await Promise.all(links)).filter((path) => path.startsWith(folder)).length;
};

describe('a large result of a stdio upstream', () => {
  let folder: string;
  let gateway: TestGateway;
  const before = process.env.TMPDIR;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewright-test-'));
    gateway = await startTestGateway(yaml(), { tap: false });
    process.env.TMPDIR = folder;
  });
  afterAll(async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await gateway.close();
    await rm(folder, { recursive: true });
  });

  it.each([true, false])(
    'comes to a modern client as JSON as it was sent, its id last: %s',
    async (idLast) => {
      const layout = { bytes: 3 * MIB, idLast, more: EXTRA + TYPE };
      const { text, headers } = await modernCall(gateway, 'fetch', layout);
      expect(headers['content-type']).toBe('application/json');
      expect(text === textOf('1', layout)).toBe(true);
    },
  );

  it.each([true, false])('comes to a legacy client likewise, its id last: %s', async (idLast) => {
    const layout = { bytes: 3 * MIB, idLast, more: EXTRA };
    const session = await openSession(gateway.url());
    const params = { name: 'fetch', arguments: layout };
    const { text } = await legacyRequest(gateway.url(), 'tools/call', params, session);
    expect(text === textOf('1', layout)).toBe(true);
  });

  it('holds up no other call, however slow its reader is', async () => {
    const layout = { bytes: 40 * MIB, idLast: true, more: TYPE };
    const unread = await unreadCall(gateway, layout);
    const echo = await modernCall(gateway, 'echo', { said: 1 });
    expect(JSON.parse(echo.text).result.content[0].text).toBe('{"said":1}');
    let text = '';
    for await (const chunk of unread.setEncoding('utf8')) text += chunk;
    expect(text === textOf('1', layout)).toBe(true);
  });

  it('leaves nothing on the disk, while it is read or when its reader goes away', async () => {
    const unread = await unreadCall(gateway, { bytes: 40 * MIB, more: TYPE });
    await expect.poll(() => openFiles(folder), { timeout: 10_000 }).toBe(1);
    await expect.poll(() => readdir(folder), { timeout: 10_000 }).toEqual([]);
    unread.destroy();
    await expect.poll(() => openFiles(folder), { timeout: 10_000 }).toBe(0);
    expect((await modernCall(gateway, 'echo', {})).status).toBe(200);
  });

  it('is refused whole where it turns out to be no JSON', async () => {
    const { text } = await modernCall(gateway, 'broken', { bytes: 3 * MIB, more: TYPE });
    expect(JSON.parse(text).error.data.code).toBe('upstream_protocol');
    expect((await modernCall(gateway, 'echo', {})).status).toBe(200);
  });

  it('is dropped where its client took the call back, and nobody else gets it', async () => {
    const session = await openSession(gateway.url());
    const params = { name: 'fetch', arguments: { bytes: 40 * MIB, idLast: true } };
    const call = legacyRequest(gateway.url(), 'tools/call', params, session).catch(() => undefined);
    const echo = modernCall(gateway, 'echo', { said: 2 });
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    const body = JSON.stringify(cancelled);
    const headers = {
      ...session,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    const { status } = await rawRequest(gateway.url(), { method: 'POST', headers, body });
    expect(status).toBe(202);
    expect((await call)?.text ?? '').toBe('');
    expect(JSON.parse((await echo).text).result.content[0].text).toBe('{"said":2}');
    await expect.poll(() => readdir(folder), { timeout: 10_000 }).toEqual([]);
    await expect.poll(() => openFiles(folder), { timeout: 10_000 }).toBe(0);
  });
});

describe('large lines of a stdio upstream', () => {
  it('are read whole where they are lists', async () => {
    await using gateway = await startTestGateway(yaml([String(3 * MIB)]), { tap: false });
    const headers = modernHeaders('tools/list', {}, {});
    const { text } = await rawRequest(gateway.url(), {
      method: 'POST',
      headers,
      body: modernBody('tools/list'),
    });
    expect(JSON.parse(text).result.tools.length).toBeGreaterThan(0);
    expect((await modernCall(gateway, 'wordy', { said: 3 })).text).toContain('said');
  });

  it('[INPUT-03/size] are refused over the bound of their tool, before a byte is sent', async () => {
    const limits = { small: { type: 'bounds', resultBytes: '2MiB', tools: ['fetch'] } };
    await using gateway = await startTestGateway(yaml([], { server: { limits: ['small'] }, limits }));
    const { text } = await modernCall(gateway, 'fetch', { bytes: 3 * MIB, more: TYPE });
    expect(JSON.parse(text).error.data.code).toBe('result_too_large');
    const smaller = { bytes: 1.5 * MIB, more: TYPE };
    const passed = await modernCall(gateway, 'fetch', smaller);
    expect(passed.text === textOf('1', smaller)).toBe(true);
  });
});
