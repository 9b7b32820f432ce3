import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import type { WebExchange } from '../../../runtime/listen/exchange.ts';
import { Outflow } from '../../../runtime/listen/outflow.ts';
import { writeHead } from '../../../runtime/listen/reply.ts';
import { listenerNode, serve } from './listener-fixture.ts';

const MUCH = Buffer.alloc(32 * 1024 * 1024, 'x');
const GET = 'GET /reply HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** Serves a reply that `act` writes. */
const replying = (act: (exchange: WebExchange) => void) =>
  serve(listenerNode(), {
    '/reply': (exchange) => {
      writeHead(exchange as WebExchange, 200, []);
      act(exchange as WebExchange);
    },
  });

it('tells when the client has read, and only then takes more', async () => {
  const drained = Promise.withResolvers<void>();
  const flow = { onDrain: () => drained.resolve(), onGone: () => drained.reject(new Error('gone')) };
  await using served = await replying((exchange) => {
    const outflow = new Outflow(exchange, flow);
    expect(outflow.write(MUCH)).toBe(false);
    expect(outflow.write(MUCH)).toBe(false);
  });
  const socket = connect(served.port, '127.0.0.1');
  socket.write(GET);
  socket.resume();
  await drained.promise;
  socket.destroy();
});

it('cuts off a client that reads nothing for too long, and says so', async () => {
  const gone = Promise.withResolvers<string>();
  await using served = await replying((exchange) => {
    const flow = { onDrain: () => undefined, onGone: () => gone.resolve(exchange.record.outcome) };
    new Outflow(exchange, flow, 100).write(MUCH);
  });
  const socket = connect(served.port, '127.0.0.1');
  socket.write(GET);
  expect(await gone.promise).toBe('slow_reader');
  socket.resume();
  socket.on('error', () => undefined);
  await once(socket, 'close');
});

it('tells once that the client went away', async () => {
  let times = 0;
  const gone = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  await using served = await replying((exchange) => {
    const onGone = (): void => {
      times += 1;
      gone.resolve();
    };
    new Outflow(exchange, { onDrain: () => undefined, onGone }, 1000).write(MUCH);
    began.resolve();
  });
  const socket = connect(served.port, '127.0.0.1');
  socket.write(GET);
  await began.promise;
  socket.destroy();
  await gone.promise;
  expect(times).toBe(1);
});

it('tells that bytes are read by nobody any more once the system has them, and never where the client goes away before', async () => {
  const written: string[] = [];
  const flow = { onDrain: () => undefined, onGone: () => undefined };
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using served = await replying((exchange) => {
    const name = begun.length === 2 ? 'read' : 'left';
    new Outflow(exchange, flow).write(MUCH, () => written.push(name));
    expect(written).not.toContain(name);
    begun.shift()!.resolve();
  });
  const [first, second] = begun;
  const reader = connect(served.port, '127.0.0.1');
  reader.write(GET);
  await first!.promise;
  const leaver = connect(served.port, '127.0.0.1');
  leaver.write(GET);
  await second!.promise;
  leaver.destroy();
  expect(written).toEqual([]);
  reader.resume();
  await expect.poll(() => written).toEqual(['read']);
  reader.destroy();
});

/** A reply of which nothing is read, and the room that it counts in. */
const unreadReply = async (maxBytes: number) => {
  const begun = Promise.withResolvers<WebExchange>();
  const gone = Promise.withResolvers<string>();
  const served = await replying((exchange) => {
    exchange.lifecycle.shedding.unread.maxBytes = maxBytes;
    const flow = { onDrain: () => undefined, onGone: () => gone.resolve(exchange.record.outcome) };
    const outflow = new Outflow(exchange, flow);
    outflow.write(MUCH);
    outflow.write(MUCH);
    begun.resolve(exchange);
  });
  const socket = connect(served.port, '127.0.0.1').on('error', () => undefined);
  socket.pause().write(GET);
  const exchange = await begun.promise;
  const { unread } = exchange.lifecycle.shedding;
  return { served, socket, exchange, unread, gone: gone.promise };
};

it('counts what its client leaves unread among what all do, until that is read', async () => {
  const { served, socket, unread } = await unreadReply(Number.POSITIVE_INFINITY);
  await using _ = served;
  expect(unread.bytes).toBeGreaterThan(MUCH.length);
  socket.resume();
  await expect.poll(() => unread.bytes).toBe(0);
  socket.destroy();
  await expect.poll(() => unread.relieved.size).toBe(1);
});

it('counts nothing any more of a client that went away', async () => {
  const { served, socket, unread, gone } = await unreadReply(Number.POSITIVE_INFINITY);
  await using _ = served;
  socket.destroy();
  await gone;
  await expect.poll(() => [unread.bytes, unread.relieved.size]).toEqual([0, 1]);
});

it('is cut off at once where all together leave too much unread', async () => {
  const { served, socket, unread, gone } = await unreadReply(1024 * 1024);
  await using _ = served;
  expect(await gone).toBe('slow_reader');
  expect(unread.bytes).toBe(0);
  await once(socket.resume(), 'close');
});
