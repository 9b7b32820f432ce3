/** Clients that ask for streams and read nothing of them, against a process of which a cap on memory is declared. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import { event, type FastUpstream, openStream, type Received } from '../support/fast-upstream.ts';
import { openSession, type SessionHeaders, streamedRequest } from '../support/legacy-client.ts';
import { MeasuredGateway } from '../support/measured-gateway.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const MIB = 1024 * 1024;
const CAP_MIB = 768;
const PATIENCE = { timeout: 120_000 };
/** What a tool tells of its progress at a time, and how often: 16 MiB for each client, more than 3 GiB in all. */
const TOLD = 'x'.repeat(16 * 1024);
const TOLD_TIMES = 1024;

let upstream: FastUpstream;
/** The calls of clients that do not read, once all of them are there. */
let flowing = Promise.withResolvers<void>();
beforeEach(async () => {
  flowing = Promise.withResolvers();
  upstream = await startToolUpstream('tools', ['pour', 'tick']);
  upstream.behave((received) => void (received.message.params?.name === 'pour' ? pour : tick)(received));
});
afterEach(() => upstream.close());

const tell = ({ message, response }: Received, progress: number, text: string): boolean => {
  const { progressToken } = message.params!._meta as { progressToken: unknown };
  const params = { progressToken, progress, message: text };
  return response.write(event({ jsonrpc: '2.0', method: 'notifications/progress', params }));
};

const isOver = (response: ServerResponse): boolean => response.destroyed || response.writableEnded;

const finish = ({ message, response }: Received): void => {
  response.end(event({ jsonrpc: '2.0', id: message.id, result: { content: [], resultType: 'complete' } }));
};

const pour = async (received: Received): Promise<void> => {
  const { response } = received;
  openStream(response);
  tell(received, 0, 'begun');
  await flowing.promise;
  for (let times = 1; times <= TOLD_TIMES && !isOver(response); times += 1) {
    if (!tell(received, times, TOLD)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    await delay(25);
  }
  finish(received);
};

const TICKS = 300;
const tick = async (received: Received): Promise<void> => {
  openStream(received.response);
  for (let times = 1; times <= TICKS && !isOver(received.response); times += 1) {
    tell(received, times, 'tick');
    await delay(20);
  }
  finish(received);
};

/** Sends a request and reads nothing. */
const silent = (url: string, method: string, headers: SessionHeaders, body = ''): Socket => {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1').pause();
  socket.on('error', () => undefined);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
  socket.write(`${method} /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.join('')}${length}\r\n${body}`);
  return socket;
};

const callOf = (name: string, progressToken: string) => ({ name, arguments: {}, _meta: { progressToken } });

const modernCall = (url: string): Socket => {
  const params = { name: 'pour', arguments: {} };
  const body = modernBody('tools/call', params, { meta: { progressToken: 'p' } });
  return silent(url, 'POST', modernHeaders('tools/call', params, {}), body);
};

/** A call of a session whose stream is left, and opened anew by a client that reads no more. */
const resumedCall = async (url: string): Promise<Socket> => {
  const session = await openSession(url);
  const call = { id: 1, method: 'tools/call', params: callOf('pour', 'p') };
  const stream = await streamedRequest(url, session, call);
  await stream.message(({ method }) => method === 'notifications/progress');
  stream.close();
  const { id } = stream.events.at(-1)!;
  return silent(url, 'GET', { ...session, accept: 'text/event-stream', 'last-event-id': id! });
};

it('200 clients that do not read streams are ended with slow_reader, within the cap; one that reads is told all', {
  timeout: 240_000,
}, async () => {
  await using gateway = await MeasuredGateway.start(
    configuration(
      { tools: upstream.url },
      {
        pressure: { memory: `${CAP_MIB}MiB`, eventLoopDelay: '1h' },
        sessions: { maxPerPrincipal: 1_000 },
        upstream: { connections: 1_000 },
        listener: { connections: { perAddress: 1_000 } },
      },
    ),
  );
  const sockets: Socket[] = [];
  for (let times = 0; times < 100; times += 1)
    sockets.push(modernCall(gateway.url), await resumedCall(gateway.url));
  await expect.poll(() => upstream.calls, PATIENCE).toBe(200);

  const params = { name: 'tick', arguments: {} };
  const healthy = await EventStreamClient.open(
    gateway.url,
    { method: 'POST', headers: modernHeaders('tools/call', params, {}) },
    modernBody('tools/call', params, { meta: { progressToken: 'healthy' } }),
  );
  flowing.resolve();
  const ended = (): number => gateway.log.split('"outcome":"slow_reader"').length - 1;
  await expect.poll(ended, PATIENCE).toBe(200);
  const peakMib = (await gateway.peakBytes()) / MIB;
  console.info(`${peakMib.toFixed()} MiB of ${CAP_MIB}`);
  expect(peakMib).toBeLessThan(CAP_MIB);
  expect(await healthy.over).toBe('ended');
  expect(healthy.messages).toHaveLength(TICKS + 1);
  for (const socket of sockets) socket.destroy();
});
