import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BoundAddress } from '../../../runtime/listen/bound-address.ts';
import { replyJson } from '../../../runtime/listen/reply.ts';
import type { ListenerNode } from '../../../schema/graph/listener.ts';
import { listenerNode, type ServedListener, serve } from './listener-fixture.ts';
import { exchangeRaw } from './raw-client.ts';

let folder: string;
let path: string;
const open: ServedListener[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-bind-'));
  path = join(folder, 'gateway.sock');
});
afterEach(async () => {
  for (const served of open.splice(0)) await served[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const start = async (changes: Partial<ListenerNode>): Promise<ServedListener> => {
  const served = await serve(listenerNode(changes), {
    '/who': (exchange) => replyJson(exchange, 200, JSON.stringify({ client: exchange.clientAddress })),
  });
  open.push(served);
  return served;
};

const onSocket = (changes: Partial<ListenerNode> = {}) => start({ bind: { type: 'unix', path }, ...changes });

const who = (headers = ''): Promise<string> =>
  exchangeRaw(path, `GET /who HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: close\r\n\r\n`);

describe('binding', () => {
  it('tells the origin of a port that the system chose', async () => {
    const served = await start({});
    expect(served.url).toBe(`http://127.0.0.1:${served.port}`);
    const six = await start({ bind: { type: 'tcp', host: '::1', port: 0 } });
    expect(six.url).toBe(`http://[::1]:${six.port}`);
    expect((await start({ url: 'https://mcp.example' })).url).toBe('https://mcp.example');
  });

  it('fails with the code of the system where the port is taken', async () => {
    const { port } = await start({});
    const second = new BoundAddress({ type: 'tcp', host: '127.0.0.1', port });
    await expect(second.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('serves a unix socket and removes its file at the end', async () => {
    const served = await onSocket();
    expect(await who('X-Forwarded-For: 192.0.2.1\r\n')).toContain('{"client":""}');
    expect(served.url).toBe('');
    await served[Symbol.asyncDispose]();
    expect(existsSync(path)).toBe(false);
  });

  it('takes the word of a unix peer on addresses where proxies are trusted', async () => {
    await onSocket({ trustedProxies: ['10.0.0.0/8'], ip: { allow: ['192.0.2.0/24'], deny: [] } });
    expect(await who('X-Forwarded-For: 192.0.2.1, 10.0.0.1\r\n')).toContain('{"client":"192.0.2.1"}');
    expect(await who('X-Forwarded-For: 203.0.113.1\r\n')).toMatch(/^HTTP\/1.1 403/);
    expect(await who()).toMatch(/^HTTP\/1.1 403/);
  });

  it('replaces the socket file of a process that is gone, never that of one that serves', async () => {
    const crash = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', crash]);
    expect(existsSync(path)).toBe(true);
    await onSocket();
    expect(await who()).toMatch(/^HTTP\/1.1 200/);
    await expect(onSocket()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(await who()).toMatch(/^HTTP\/1.1 200/);
  });
});
