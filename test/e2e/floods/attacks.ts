/** Floods over HTTP/1.1, from other loopback addresses than that of the healthy client. Each is bounded in what it opens. */
import { setMaxListeners } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { openSession } from '../../support/legacy-client.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { MAX_CONNECTIONS, type Target } from './flooded-gateway.ts';

/** A flood that goes on until it is stopped. */
export interface Attack {
  stop(): Promise<void>;
}

const ignore = (): void => undefined;

let count = 0;
/** Something of an attack has come to the gateway as it was meant to. */
export const arrived = (): void => {
  count += 1;
};
/** So many times until now, of all attacks. */
export const arrivals = (): number => count;

/** Between two requests of an attacker: what is shown is that each is cheap, not who has more processors. */
const PAUSE_MS = 20;

/** Of one attacker; there are `count` that one after the other do the same again and again, until they are told to stop. */
export const repeat = (
  count: number,
  act: (attacker: number, signal: AbortSignal) => Promise<unknown>,
): Attack => {
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const running = Array.from({ length: count }, async (_, attacker) => {
    while (!stopping.signal.aborted)
      await act(attacker, stopping.signal).catch(() => delay(5, undefined, { ref: false }));
  });
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(running);
    },
  };
};

/** An open connection of an attacker; it is destroyed with the attack. */
export const attackerSocket = async (port: number, address: number, signal: AbortSignal): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${address}` });
  socket.on('error', ignore);
  const end = (): void => void socket.destroy();
  signal.addEventListener('abort', end, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', end));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('close', () => reject(new Error('not let in')));
    if (signal.aborted) end();
  });
  return socket;
};

const closed = (socket: Socket): Promise<unknown> =>
  socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve));

const agents = new Map<number, Agent>();
const agentOf = (address: number): Agent => {
  const agent = agents.get(address) ?? new Agent({ keepAlive: true, localAddress: `127.0.0.${address}` });
  agents.set(address, agent);
  return agent;
};

/** One whole request; resolves with the status. */
export const send = (
  { port }: Target,
  address: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
  signal?: AbortSignal,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = {
      port,
      host: '127.0.0.1',
      path: '/mcp',
      method: 'POST',
      agent: agentOf(address),
      headers,
      ...(signal && { signal }),
    };
    const outgoing = request(options, (reply) => {
      arrived();
      reply
        .resume()
        .on('end', () => setTimeout(() => resolve(reply.statusCode!), PAUSE_MS))
        .on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const HEAD = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n${Object.entries(JSON_HEADERS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('')}`;

const CALL_HEADERS = modernHeaders('tools/call', { name: 'echo' }, {});
const callWith = (args: string): string =>
  modernBody('tools/call', { name: 'echo', arguments: 'ARGS' }).replace('"ARGS"', args);

const SAME = Buffer.from(modernBody('tools/call', { name: 'large', arguments: {} }, { id: 'same' }));

/** 2,000 connections of ten addresses whose headers never end, a byte at a time. */
export const halfOpen = ({ port }: Target): Attack =>
  repeat(2_000, async (attacker, signal) => {
    const socket = await attackerSocket(port, 2 + (attacker % 10), signal);
    socket.write('POST /mcp HTTP/1.1\r\nX-Slow: ', arrived);
    await closed(socket);
    await delay(500, undefined, { signal, ref: false });
  });

/** Twice as many connections of one address as it may have, and nothing on them. */
export const oneAddress = ({ port }: Target): Attack =>
  repeat(400, async (_, signal) => {
    const socket = await attackerSocket(port, 12, signal);
    arrived();
    await closed(socket.resume());
    await delay(200, undefined, { signal, ref: false });
  });

/** More connections than there may be in all, of more addresses than would be needed. */
export const allConnections = ({ port }: Target): Attack =>
  repeat(MAX_CONNECTIONS + 500, async (attacker, signal) => {
    const socket = await attackerSocket(port, 200 + (attacker % 30), signal);
    arrived();
    await closed(socket.resume());
    await delay(200, undefined, { signal, ref: false });
  });

/** Headers of a megabyte each, 50 MB in all. */
export const hugeHeaders = ({ port }: Target): Attack => {
  let left = 50;
  return repeat(10, async (attacker, signal) => {
    left -= 1;
    if (left < 0) return await delay(50, undefined, { signal, ref: false });
    const socket = await attackerSocket(port, 20 + (attacker % 5), signal);
    socket.resume().write(`POST /mcp HTTP/1.1\r\nX-Large: ${'x'.repeat(1_000_000)}`);
    arrived();
    return await closed(socket);
  });
};

/** Bodies of which nothing comes but the announcement. */
export const slowBodies = ({ port }: Target): Attack =>
  repeat(190, async (_, signal) => {
    const socket = await attackerSocket(port, 30, signal);
    socket.resume().write(`${HEAD}Content-Length: 4000000\r\n\r\n{`, arrived);
    await closed(socket);
  });

/** Bodies of which all comes but the end: nearly 100 MB, again and again, if they were held. */
export const heldBodies = ({ port }: Target): Attack => {
  const part = 'x'.repeat(3_900_000);
  return repeat(190, async (attacker, signal) => {
    const socket = await attackerSocket(port, 31, signal);
    socket.resume().write(`${HEAD}Content-Length: 4000000\r\n\r\n`, arrived);
    if (attacker % 8 === 0) socket.write(part);
    await closed(socket);
  });
};

/** 200 clients that ask for results of 900 kB, for more of them than the system holds, and read nothing of them. */
export const slowReaders = ({ port }: Target): Attack =>
  repeat(200, async (attacker, signal) => {
    const socket = await attackerSocket(port, 40 + (attacker % 2), signal);
    const head = Object.entries(modernHeaders('tools/call', { name: 'large' }, {}))
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
    const start = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n${head}Content-Length: ${SAME.length}\r\n\r\n`;
    socket.pause().write((start + SAME.toString()).repeat(8), arrived);
    await closed(socket);
    await delay(200, undefined, { signal, ref: false });
  });

/** Members whose names are array indices, which an engine may hash to few values: a megabyte of them. */
export const collidingNames = (target: Target): Attack => {
  const names = Array.from({ length: 55_000 }, (_, index) => `"${(index * 2 ** 20) % 2 ** 32}${index}":0`);
  const body = callWith(`{${names.join(',')}}`);
  return repeat(1, (attacker) => send(target, 50 + attacker, CALL_HEADERS, body));
};

/** A megabyte that nests as deeply as it can. */
export const deepJson = (target: Target): Attack => {
  const body = callWith(`${'['.repeat(500_000)}${']'.repeat(500_000)}`);
  return repeat(1, (attacker) => send(target, 52 + attacker, CALL_HEADERS, body));
};

/** Bodies that say that they are compressed: 1 GB of zeros. */
export const compressedBodies = (target: Target): Attack => {
  const bomb = Buffer.alloc(1_000_000);
  const headers = { ...CALL_HEADERS, 'content-encoding': 'gzip' };
  return repeat(2, (attacker) => send(target, 54 + attacker, headers, bomb));
};

/** Results that upstream says are compressed. */
export const compressedReplies = (target: Target): Attack => {
  const body = modernBody('tools/call', { name: 'bomb', arguments: {} });
  return repeat(4, (attacker) =>
    send(target, 58 + attacker, modernHeaders('tools/call', { name: 'bomb' }, {}), body),
  );
};

/** Arrays of 60,000 messages. */
export const giantBatches = (target: Target): Attack => {
  const body = `[${Array.from({ length: 60_000 }, () => '{"jsonrpc":"2.0"}').join(',')}]`;
  return repeat(1, (attacker) => send(target, 62 + attacker, JSON_HEADERS, body));
};

/** Sessions without end. */
export const sessions = (target: Target): Attack => {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
  return repeat(4, (attacker) => send(target, 64 + attacker, JSON_HEADERS, body));
};

/** Streams that nobody reads, as many as there may be connections. */
export const subscriptions = ({ port }: Target): Attack => {
  const params = { notifications: { toolsListChanged: true } };
  const body = modernBody('subscriptions/listen', params);
  const head = Object.entries(modernHeaders('subscriptions/listen', params, {}))
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const request = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  return repeat(400, async (attacker, signal) => {
    const socket = await attackerSocket(port, 70 + (attacker % 2), signal);
    socket.pause().write(request, arrived);
    await closed(socket);
    await delay(200, undefined, { signal, ref: false });
  });
};

/** Names of tools, methods and paths that nobody has used before. */
export const newNames = (target: Target): Attack => {
  let count = 0;
  return repeat(4, async (attacker) => {
    count += 1;
    const name = `tool-${count}-${'x'.repeat(200)}`;
    const params = { name, arguments: {} };
    const address = 80 + attacker;
    await send(target, address, modernHeaders('tools/call', params, {}), modernBody('tools/call', params));
    await send(target, address, modernHeaders(`made/up${count}`, {}, {}), modernBody(`made/up${count}`));
  });
};

/** One id for calls that are all under way at once. */
export const sameIds = (target: Target): Attack =>
  repeat(20, (attacker) => {
    const params = { name: 'echo', arguments: {} };
    const body = modernBody('tools/call', params, { id: 'same' });
    return send(target, 90 + attacker, CALL_HEADERS, body);
  });

/** One id for calls of one session that are all under way at once, and are not answered. */
export const sameIdsInSession = (target: Target): Attack => {
  const session = openSession(`http://127.0.0.1:${target.port}/mcp`);
  const params = { name: 'hang', arguments: {} };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'same', method: 'tools/call', params });
  return repeat(20, async (attacker, signal) =>
    send(target, 90 + attacker, { ...JSON_HEADERS, ...(await session) }, body, signal),
  );
};
