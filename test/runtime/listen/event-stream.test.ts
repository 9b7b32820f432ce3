import { afterEach, describe, expect, it } from 'vitest';
import {
  type EventStream,
  type StreamBounds,
  startEventStream,
} from '../../../runtime/listen/event-stream.ts';
import type { Exchange } from '../../../runtime/listen/exchange.ts';
import { type Beating, Heartbeat } from '../../../runtime/listen/heartbeat.ts';
import { replyJson } from '../../../runtime/listen/reply.ts';
import { listenerNode, type ServedListener, serve, until } from './listener-fixture.ts';
import { RawConnection } from './raw-client.ts';

let served: ServedListener;
afterEach(async () => {
  await served[Symbol.asyncDispose]();
});

const GET = 'GET /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

const open = async (
  act: (stream: EventStream, exchange: Exchange) => void,
  bounds?: StreamBounds,
): Promise<RawConnection> => {
  served = await serve(listenerNode(), {
    '/events': (exchange) => act(startEventStream(exchange, ['x-own', 'yes'], bounds), exchange),
  });
  const connection = new RawConnection(served.port);
  connection.write(GET);
  return connection;
};

describe('an event stream', () => {
  it('sends its head at once, without an event, and one cache-control only', async () => {
    const connection = await open(() => undefined);
    const head = await connection.until('\r\n\r\n');
    expect(head.match(/cache-control: .*/gi)).toEqual(['cache-control: no-store, no-transform']);
    expect(head).toContain('x-own: yes');
    expect(head).toContain('x-content-type-options: nosniff');
    connection.socket.destroy();
  });

  it('goes on when it is said to last, and holds no headers any more', async () => {
    let held: Exchange | undefined;
    const connection = await open((stream, exchange) => {
      held = exchange;
      stream.send('before');
      stream.lasts();
      setImmediate(() => setImmediate(() => stream.send('after')));
    });
    expect(await connection.until('data: after')).toContain('data: before');
    expect(held!.request.headers).toEqual({});
    expect(held!.request.rawHeaders).toEqual([]);
    connection.socket.destroy();
  });

  it('writes each kind of line as the standard has it, and cannot be made to write another', async () => {
    const connection = await open((stream) => {
      stream.retry(500);
      stream.prime('0');
      stream.comment('note');
      stream.send('a\r\nb\rc\nid: forged\n\nevent: forged', '1', 'message');
      stream.end();
      stream.send('after the end');
    });
    await connection.closed;
    const events = connection.text.replace(/^[0-9a-f]+\r\n/gm, '').replaceAll('\r\n', '');
    expect(events).toContain(
      'retry: 500\n\nid: 0\ndata: \n\n: note\n\nevent: message\nid: 1\ndata: a\ndata: b\ndata: c\ndata: id: forged\ndata: \ndata: event: forged\n\n',
    );
    expect(connection.text).not.toContain('after the end');
    await until(() => served.held() === 0);
    expect(served.observer.finished[0]!.record.outcome).toBe('ok');
  });

  it('cuts off a client that does not read, before it costs more memory than allowed', async () => {
    let closed = 0;
    let sent = 0;
    const connection = await open(
      (stream) => {
        stream.onClose = () => {
          closed += 1;
        };
        const text = 'x'.repeat(100_000);
        while (!stream.closed && sent < 1_000) {
          stream.send(text);
          sent += 1;
        }
      },
      { maxBufferedBytes: 1_000_000 },
    );
    connection.socket.pause();
    await until(() => served.observer.finished.length === 1);
    expect([closed, served.held()]).toEqual([1, 0]);
    expect(sent).toBeLessThan(1_000);
    expect(served.observer.finished[0]!.record.outcome).toBe('slow_reader');
    connection.socket.destroy();
  });

  it('sends events of any size whole and in order to a client that reads, and then ends', async () => {
    const large = '狐\ud83e\udd8a!'.repeat(3_000_000);
    const taken: boolean[] = [];
    let sent = 0;
    served = await serve(listenerNode(), {
      '/events': (exchange) => {
        const stream = startEventStream(exchange);
        stream.onSent = () => {
          sent += 1;
        };
        for (const text of ['before', large, 'between', large, 'after']) taken.push(stream.send(text));
        stream.beat();
        stream.end();
      },
    });
    const text = await (await fetch(`http://127.0.0.1:${served.port}/events`)).text();
    const expected = ['before', large, 'between', large, 'after'].map((data) => `data: ${data}\n\n`).join('');
    expect(text === expected).toBe(true);
    expect(taken).toEqual([true, false, false, false, false]);
    expect(sent).toBe(1);
    await expect.poll(() => served.observer.finished.length).toBe(1);
    expect(served.observer.finished[0]!.record.outcome).toBe('ok');
  });

  it.each([false, true])(
    'cuts off a client that takes nothing of a large event for too long, the stream ended before: %s',
    async (ended) => {
      let closed = 0;
      let sent = 0;
      const connection = await open(
        (stream) => {
          stream.onClose = () => {
            closed += 1;
          };
          stream.onSent = () => {
            sent += 1;
          };
          stream.send('x'.repeat(32 * 1024 * 1024));
          if (ended) stream.end();
        },
        { maxBufferedBytes: 1_000_000, stallMs: 100 },
      );
      connection.socket.pause();
      await expect.poll(() => served.observer.finished.length, { timeout: 15_000 }).toBe(1);
      expect(served.observer.finished[0]!.record.outcome).toBe('slow_reader');
      expect([closed, sent, served.held()]).toEqual([ended ? 0 : 1, 0, 0]);
      connection.socket.destroy();
    },
  );

  it('cuts off a client with too much behind a large event that it does not read', async () => {
    let events = 0;
    const connection = await open(
      (stream) => {
        stream.send('x'.repeat(32 * 1024 * 1024));
        while (!stream.closed && events < 1_000) {
          stream.send('x'.repeat(100_000));
          events += 1;
        }
      },
      { maxBufferedBytes: 1_000_000 },
    );
    connection.socket.pause();
    await expect.poll(() => served.observer.finished.length, { timeout: 15_000 }).toBe(1);
    expect(served.observer.finished[0]!.record.outcome).toBe('slow_reader');
    expect(events).toBeLessThan(15);
    connection.socket.destroy();
  });

  it('is closed from the start where a reply was begun already', async () => {
    let late: EventStream | undefined;
    served = await serve(listenerNode(), {
      '/events': (exchange) => {
        replyJson(exchange, 200, '{}');
        late = startEventStream(exchange);
      },
    });
    const connection = new RawConnection(served.port);
    connection.write(GET);
    await connection.closed;
    expect(late!.closed).toBe(true);
    expect(connection.text).not.toContain('event-stream');
  });

  it('sends a comment at a beat if nothing was sent since the last', async () => {
    const connection = await open((stream) => {
      stream.send('one');
      stream.beat();
      stream.send('two');
      stream.beat();
      stream.beat();
      stream.end();
    });
    await connection.closed;
    expect(connection.text.match(/data: \w+|: \n/g)).toEqual(['data: one', 'data: two', ': \n']);
  });
});

describe('an event stream whose reader may read no longer', () => {
  it.each<[string, (stream: EventStream) => unknown]>([
    ['event', (stream) => stream.send('late')],
    [
      'event in pieces',
      (stream) => expect(stream.openEvent(() => undefined, expect.unreachable)).toBe(undefined),
    ],
    ['beat', (stream) => stream.beat()],
  ])('ends in order at the next %s, which is not sent, and says so once', async (_what, next) => {
    let closed = 0;
    const connection = await open((stream) => {
      stream.onClose = () => {
        closed += 1;
      };
      stream.expires(Date.now() + 60_000);
      stream.send('early');
      stream.beat();
      stream.beat();
      stream.expires(Date.now());
      next(stream);
      stream.send('after');
      stream.beat();
      stream.end();
    });
    await connection.closed;
    expect(connection.text.match(/data: \w+|: \n/g)).toEqual(['data: early', ': \n']);
    expect(connection.text.endsWith('0\r\n\r\n')).toBe(true);
    await until(() => served.held() === 0);
    expect([closed, served.observer.finished[0]!.record.outcome]).toEqual([1, 'ok']);
  });

  it('breaks off an event that is not whole', async () => {
    let closed = 0;
    const connection = await open((stream) => {
      stream.onClose = () => {
        closed += 1;
      };
      stream.openEvent(() => undefined, expect.unreachable)!.write(Buffer.from('begun'));
      stream.expires(Date.now());
      stream.send('late');
    });
    await connection.closed;
    expect(connection.text).not.toContain('late');
    expect(connection.text.endsWith('0\r\n\r\n')).toBe(false);
    await until(() => served.held() === 0);
    expect(closed).toBe(1);
  });
});

describe('Heartbeat', () => {
  it('beats for all streams with one timer, until the last is removed', async () => {
    served = await serve(listenerNode());
    const heartbeat = new Heartbeat(5);
    const beats: number[] = [];
    const stream = (name: number): Beating => ({ beat: () => beats.push(name) });
    const [one, two, three] = [stream(1), stream(2), stream(3)];
    heartbeat.add(one);
    heartbeat.add(two);
    await until(() => beats.length >= 4);
    expect(beats.slice(0, 4)).toEqual([1, 2, 1, 2]);
    heartbeat.remove(one);
    heartbeat.remove(two);
    beats.length = 0;
    heartbeat.add(three);
    await until(() => beats.length >= 2);
    expect(new Set(beats)).toEqual(new Set([3]));
    heartbeat.close();
  });
});
