import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { ENOUGH_ATTEMPTS, NotTried } from '../../../../runtime/upstream/client/absence.ts';
import { type ClientOptions, HttpClient, LineFull } from '../../../../runtime/upstream/client/client.ts';
import type { Outgoing } from '../../../../runtime/upstream/client/outgoing.ts';
import { fieldLines, requestLines } from '../../../../runtime/upstream/client/request-head.ts';
import { makeCertificate } from '../../../support/certificate.ts';
import { until } from '../polling.ts';
import { CollectedReply } from './collected-reply.ts';
import { Lookups, named } from './lookups.ts';
import { type RawServer, startRawServer } from './raw-server.ts';

const CLOSED = new Error('closed by the test');
const clients: HttpClient[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close(CLOSED);
});

const clientOf = (url: URL, options: Partial<ClientOptions> = {}): HttpClient => {
  const client = new HttpClient(url, { connectMs: 5_000, idleMs: 5_000, ...options });
  clients.push(client);
  return client;
};

const start = (
  client: HttpClient,
  body: string | null = '{}',
  isCheck = false,
  caller?: string,
): { reply: CollectedReply; outgoing: Outgoing } => {
  const reply = new CollectedReply();
  const head = requestLines(body === null ? 'GET' : 'POST', '/mcp', 'upstream.test');
  return { reply, outgoing: client.send({ head, isHead: false, body, isCheck, caller }, reply) };
};

const ask = (client: HttpClient, body?: string | null): Promise<CollectedReply> =>
  start(client, body).reply.ended;

const answer = (body: string, fields = ''): string =>
  `HTTP/1.1 200 OK\r\n${fields}content-length: ${body.length}\r\n\r\n${body}`;

/** A turn of the event loop in which everything is read that has come. */
const aTurn = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('connections', () => {
  test('are kept and used again, the last one first', async () => {
    await using server = await startRawServer((socket) => socket.write(answer('a')));
    const client = clientOf(server.url);
    for (let round = 0; round < 5; round += 1) expect((await ask(client)).body).toBe('a');
    expect(server.sockets).toHaveLength(1);
  });

  test('carry one request at a time, and no more of them are opened than allowed; who waits is served in order', async () => {
    const open: Socket[] = [];
    await using server = await startRawServer((socket) => open.push(socket));
    const client = clientOf(server.url, { connections: 2 });
    const started = ['1', '2', '3', '4'].map((body) => start(client, body));
    const order: number[] = [];
    for (const [index, { reply }] of started.entries()) void reply.ended.then(() => order.push(index));
    for (let served = 0; served < 4; served += 1) {
      await until(() => open.length > 0);
      expect(server.sockets.length).toBeLessThanOrEqual(2);
      open.shift()!.write(answer('x'));
    }
    await Promise.all(started.map(({ reply }) => reply.ended));
    expect(order.toSorted()).toEqual([0, 1, 2, 3]);
    expect(order.indexOf(3)).toBeGreaterThan(order.indexOf(0));
    expect(server.sockets).toHaveLength(2);
  });

  test.each([
    ['says that it closes', 'connection: close\r\n'],
    ['keeps connections for no longer than a second', 'keep-alive: timeout=1\r\n'],
  ])('are not used again where the upstream %s', async (_what, fields) => {
    await using server = await startRawServer((socket) => socket.write(answer('a', fields)));
    const client = clientOf(server.url);
    await ask(client);
    await ask(client);
    expect(server.sockets).toHaveLength(2);
    await until(() => server.sockets.every(({ destroyed }) => destroyed));
  });

  test('are closed when they have been idle for long enough', async () => {
    await using server = await startRawServer((socket) => socket.write(answer('a')));
    const client = clientOf(server.url, { idleMs: 50 });
    await ask(client);
    await until(() => server.sockets[0]!.destroyed);
    expect((await ask(client)).body).toBe('a');
    expect(server.sockets).toHaveLength(2);
  });

  test('that the upstream has closed meanwhile are not written to', async () => {
    await using server = await startRawServer((socket) => socket.write(answer('a')));
    const client = clientOf(server.url);
    await ask(client);
    server.sockets[0]!.end();
    await until(() => server.sockets[0]!.destroyed);
    expect((await ask(client)).body).toBe('a');
  });

  test('do not outlive the client, nor do requests', async () => {
    await using server = await startRawServer(() => undefined);
    const client = clientOf(server.url, { connections: 1 });
    const [first, second] = [start(client), start(client)];
    await until(() => server.sockets.length === 1);
    client.close(CLOSED);
    expect((await first.reply.ended).error).toBe(CLOSED);
    expect((await second.reply.ended).error).toBe(CLOSED);
    expect(first.outgoing.sent).toBe(true);
    expect(second.outgoing.sent).toBe(false);
    expect((await ask(client)).error).toBe(CLOSED);
    await until(() => server.sockets[0]!.destroyed);
  });

  test('that cannot be made fail the request, which then was not sent', async () => {
    const server = await startRawServer(() => undefined);
    await server[Symbol.asyncDispose]();
    const { reply, outgoing } = start(clientOf(server.url));
    expect((await reply.ended).error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(outgoing.sent).toBe(false);
  });

  test('that cannot be made in time do too', async () => {
    // Nobody answers there (RFC 5737), or the network says so at once.
    const { reply } = start(clientOf(new URL('http://192.0.2.1/'), { connectMs: 50 }));
    expect((await reply.ended).error).toBeInstanceOf(Error);
  });
});

describe('where nobody takes connections', () => {
  test('not each of many requests tries one: ten in a tenth of a second do, and the others say that they did not', async () => {
    const lookups = new Lookups();
    const client = clientOf(new URL('http://upstream.test/'), { lookup: lookups.lookup });
    const startedMs = performance.now();
    let notTried = 0;
    const isShown = (): boolean => lookups.count > ENOUGH_ATTEMPTS && notTried > lookups.count;
    while (performance.now() - startedMs < 300 || !isShown()) {
      const before = lookups.count;
      const { error } = await ask(client);
      if (lookups.count > before) expect(error).toBe(lookups.error);
      else expect(error).toBeInstanceOf(NotTried);
      if (error instanceof NotTried) {
        expect(error.cause).toBe(lookups.error);
        notTried += 1;
      }
    }
    const spans = 1 + Math.ceil((performance.now() - startedMs) / 100);
    expect(lookups.count).toBeLessThanOrEqual(spans * ENOUGH_ATTEMPTS);
  });

  test('of those that come at once, each that has tried one fails of its own, and the others of what these learned', async () => {
    const lookups = new Lookups();
    const client = clientOf(new URL('http://upstream.test/'), { lookup: lookups.lookup });
    await ask(client);
    let notTried = 0;
    await until(async () => {
      const before = lookups.count;
      const all = await Promise.all(Array.from({ length: 50 }, () => start(client).reply.ended));
      const tried = all.filter(({ error }) => error === lookups.error).length;
      expect(tried).toBe(lookups.count - before);
      notTried += all.filter(({ error }) => error instanceof NotTried).length;
      return tried > 0 && notTried > 0;
    });
  });

  test('whoever comes back is there for all requests within a moment', async () => {
    await using server = await startRawServer((socket) => socket.write(answer('a')));
    const lookups = new Lookups();
    const client = clientOf(named(server.url), { lookup: lookups.lookup });
    for (let failed = 0; failed < 200; failed += 1) await ask(client);
    lookups.error = null as never;
    const backMs = performance.now();
    await until(async () => (await ask(client)).body === 'a');
    expect(performance.now() - backMs).toBeLessThan(2_000);
    const all = Array.from({ length: 20 }, () => start(client).reply.ended);
    for (const { body } of await Promise.all(all)) expect(body).toBe('a');
    expect(server.sockets.length).toBeGreaterThan(1);
  });

  test('who is to find out whether anybody is back tries, whatever others have learned a moment ago', async () => {
    await using server = await startRawServer((socket) => socket.write(answer('a')));
    const lookups = new Lookups();
    const client = clientOf(named(server.url), { lookup: lookups.lookup });
    const untilNotTried = async (): Promise<void> => {
      let reply = await ask(client);
      while (!(reply.error instanceof NotTried)) reply = await ask(client);
    };
    await untilNotTried();
    const before = lookups.count;
    expect((await start(client, '{}', true).reply.ended).error).toBe(lookups.error);
    expect(lookups.count).toBe(before + 1);
    await untilNotTried();
    lookups.error = null as never;
    expect((await start(client, '{}', true).reply.ended).body).toBe('a');
    expect((await ask(client)).body).toBe('a');
  });

  test('nothing is concluded from one that is refused while another one is open', async () => {
    const open: Socket[] = [];
    await using server = await startRawServer((socket) => open.push(socket));
    const lookups = new Lookups();
    lookups.error = null as never;
    const client = clientOf(named(server.url), { lookup: lookups.lookup });
    const { reply } = start(client);
    await until(() => open.length === 1);
    lookups.error = new Error('no such name');
    for (let tried = 2; tried <= 5; tried += 1) {
      await ask(client);
      expect(lookups.count).toBe(tried);
    }
    open[0]!.write(answer('a'));
    expect((await reply.ended).body).toBe('a');
  });
});

/** Processor time for taking back so many requests that wait, in either order. */
const takenBackMs = (client: HttpClient, count: number, isReversed: boolean): number => {
  const waiting = Array.from({ length: count }, () => start(client).outgoing);
  if (isReversed) waiting.reverse();
  const before = process.cpuUsage();
  for (const outgoing of waiting) outgoing.abort();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

describe('requests that wait', () => {
  test.each([
    ['in the order in which they came', false],
    ['the last one first', true],
  ])('are taken back in linear time, %s', async (_order, isReversed) => {
    await using server = await startRawServer((socket) => socket.write(answer('a')));
    const client = clientOf(server.url, { connections: 1 });
    takenBackMs(client, 5_000, isReversed);
    const few = Math.max(takenBackMs(client, 5_000, isReversed), 2);
    expect(takenBackMs(client, 50_000, isReversed)).toBeLessThan(40 * few);
    expect((await ask(client)).body).toBe('a');
  });

  test('are no more than may: the next fails at once, unsent, until one leaves', async () => {
    const open: Socket[] = [];
    await using server = await startRawServer((socket) => open.push(socket));
    const client = clientOf(server.url, { connections: 1, waiting: 2 });
    const served = start(client);
    await until(() => open.length === 1);
    const [first, second, third] = [start(client), start(client), start(client)];
    expect(third.reply.error).toBeInstanceOf(LineFull);
    expect(third.outgoing.sent).toBe(false);
    first.outgoing.abort();
    const fourth = start(client);
    for (const { reply } of [served, second, fourth]) {
      await until(() => open.length > 0);
      open.shift()!.write(answer('x'));
      expect((await reply.ended).body).toBe('x');
    }
    expect(first.reply.ends).toBe(0);
  });
});

describe('of a request', () => {
  const echo = async (): Promise<RawServer & { readonly seen: string[] }> => {
    const seen: string[] = [];
    const server = await startRawServer((socket, text) => {
      seen.push(text);
      if (seen.join('').includes('END')) socket.write(answer('ok'));
    });
    return Object.assign(server, { seen });
  };

  test('body and length go out as UTF-8', async () => {
    await using server = await echo();
    await ask(clientOf(server.url), 'Grüße END');
    const text = Buffer.from(server.seen.join(''), 'latin1').toString('utf8');
    expect(text).toBe('POST /mcp HTTP/1.1\r\nhost: upstream.test\r\ncontent-length: 11\r\n\r\nGrüße END');
  });

  test('a head with bytes beyond ASCII goes out as it is, whatever the body', async () => {
    await using server = await echo();
    for (const body of ['END', 'ü END']) {
      const reply = new CollectedReply();
      const head = requestLines('POST', '/', 'h') + fieldLines(['x-name', 'J\xf6rg']);
      clientOf(server.url).send({ head, isHead: false, body }, reply);
      await reply.ended;
      expect(server.seen.splice(0).join('')).toContain('x-name: J\xf6rg\r\n');
    }
  });

  test.each([
    ['a line end in a value', ['x', 'a\r\nhost: other']],
    ['a line feed in a value', ['x', 'a\nb']],
    ['a NUL in a value', ['x', 'a\0']],
    ['a value that no byte holds', ['x', 'a\u0150']],
    ['a line end in a name', ['x\r\ny', 'a']],
    ['a space in a name', ['x y', 'a']],
    ['an empty name', ['', 'a']],
    ['a second host', ['Host', 'other']],
    ['a second length', ['Content-Length', '5']],
    ['a coding', ['transfer-encoding', 'chunked']],
    ['an upgrade', ['upgrade', 'h2c']],
  ])('%s is refused', (_what, headers) => {
    expect(() => fieldLines(headers)).toThrow('cannot be sent');
  });

  test.each([['/a b'], ['/a\r\nx: y'], [''], ['/\xe9']])('the target %j is refused', (target) => {
    expect(() => requestLines('POST', target, 'h')).toThrow('cannot be sent');
  });

  test('that is taken back while it waits, nothing is sent', async () => {
    const open: Socket[] = [];
    await using server = await startRawServer((socket) => open.push(socket));
    const client = clientOf(server.url, { connections: 1 });
    const first = start(client);
    const second = start(client);
    await until(() => open.length === 1);
    second.outgoing.abort();
    open.pop()!.write(answer('a'));
    await first.reply.ended;
    expect((await Promise.all([first.reply.ended, aTurn()]))[0].body).toBe('a');
    expect(open).toHaveLength(0);
    expect(second.reply.ends).toBe(0);
  });

  test('that is taken back under way, the connection is closed and nothing is told', async () => {
    await using server = await startRawServer((socket) => socket.write('HTTP/1.1 200 OK\r\n'));
    const client = clientOf(server.url);
    const { reply, outgoing } = start(client);
    await until(() => server.sockets.length === 1);
    outgoing.abort();
    await until(() => server.sockets[0]!.destroyed);
    expect(reply.ends).toBe(0);
  });
});

describe('a reply', () => {
  test('that nobody asked for never answers the next request', async () => {
    await using server = await startRawServer((socket) => socket.write(answer('mine')));
    const client = clientOf(server.url);
    await ask(client);
    server.sockets[0]!.write(answer('poison'));
    const [first, second] = await Promise.all([ask(client), ask(client)]);
    expect([first.body, second.body]).toEqual(['mine', 'mine']);
    expect(server.sockets[0]!.destroyed || server.sockets.length > 1).toBe(true);
  });

  test('with more behind it is told, and its connection is not used again', async () => {
    await using server = await startRawServer((socket) => socket.write(answer('mine') + answer('poison')));
    const client = clientOf(server.url);
    expect((await ask(client)).body).toBe('mine');
    expect((await ask(client)).body).toBe('mine');
    expect(server.sockets).toHaveLength(2);
  });

  test('that comes before the request was read is told, and its connection is not used again', async () => {
    await using server = await startRawServer((socket) => {
      socket.pause();
      socket.write(answer('too large'));
    });
    const client = clientOf(server.url);
    expect((await ask(client, 'x'.repeat(32 * 1024 * 1024))).body).toBe('too large');
    await ask(client);
    expect(server.sockets).toHaveLength(2);
  });

  test.each([
    ['no reply', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel'],
    ['half a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel'],
    ['no last chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n'],
    ['garbage', '\0\0\0\0\r\n\r\n'],
  ])('of which there is %s is a failure, after the request was sent', async (_what, text) => {
    await using server = await startRawServer((socket) => socket.end(text, 'latin1'));
    const { reply, outgoing } = start(clientOf(server.url));
    expect((await reply.ended).error).toBeInstanceOf(Error);
    expect(outgoing.sent).toBe(true);
    expect(reply.ends).toBe(1);
  });

  test('that the connection ends is whole', async () => {
    await using server = await startRawServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall'));
    const reply = await ask(clientOf(server.url));
    expect([reply.body, reply.error]).toEqual(['all', undefined]);
  });

  test('comes no faster than it is taken', async () => {
    const total = 24 * 1024 * 1024;
    await using server = await startRawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
      socket.write(Buffer.alloc(total, 'x'));
    });
    const { reply, outgoing } = start(clientOf(server.url));
    let chunks = 0;
    reply.onChunk = () => {
      chunks += 1;
      outgoing.pause();
    };
    await until(() => chunks === 1);
    await aTurn();
    expect(chunks).toBe(1);
    expect(server.sockets[0]!.writableLength).toBeGreaterThan(0);
    reply.onChunk = () => {
      outgoing.pause();
      setImmediate(() => outgoing.resume());
    };
    outgoing.resume();
    expect((await reply.ended).body).toHaveLength(total);
  });

  test('in chunks is told whole too where each of them stops it', async () => {
    const text = Array.from({ length: 50 }, (_, index) => `chunk ${index};`);
    const coded = text.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
    await using server = await startRawServer((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${coded}0\r\n\r\n`),
    );
    const client = clientOf(server.url);
    const { reply, outgoing } = start(client);
    reply.onChunk = () => {
      outgoing.pause();
      setImmediate(() => outgoing.resume());
    };
    expect((await reply.ended).body).toBe(text.join(''));
    expect((await ask(client)).body).toBe(text.join(''));
    expect(server.sockets).toHaveLength(1);
  });

  test('whose target fails is a failure of that request alone', async () => {
    await using server = await startRawServer((socket) => socket.write(answer('a')));
    const client = clientOf(server.url);
    const { reply } = start(client);
    reply.onHead = () => {
      throw new Error('a bug');
    };
    expect((await reply.ended).error).toMatchObject({ message: 'a bug' });
    expect((await ask(client)).body).toBe('a');
  });
});

test('over TLS names, certificates and further requests are as over TCP', async () => {
  const authority = makeCertificate('localhost');
  const server = createServer({ cert: authority.certificate, key: authority.key }, (request, response) => {
    request.resume().on('end', () => response.end(`for ${request.headers.host}`));
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const client = clientOf(url, { ca: authority.certificate });
  let connections = 0;
  server.on('secureConnection', () => {
    connections += 1;
  });
  for (let round = 0; round < 3; round += 1) expect((await ask(client)).body).toBe('for upstream.test');
  expect(connections).toBe(1);
  expect((await ask(clientOf(url))).error).toBeInstanceOf(Error);
  url.hostname = '127.0.0.2';
  const { error } = await ask(clientOf(url, { ca: authority.certificate }));
  expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  server.closeAllConnections();
  server.close();
});

test.each([
  ['of a length', (body: string) => answer(body)],
  ['that the connection ends', (body: string) => `HTTP/1.1 200 OK\r\n\r\n${body}`],
  [
    'in chunks',
    (body: string) =>
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  ],
])('over TLS a reply %s is whole, however often it is stopped', async (_how, replyOf) => {
  const { certificate, key } = makeCertificate('localhost');
  const body = Array.from({ length: 60_000 }, (_, index) => `${index};`).join('');
  const server = createTlsServer({ cert: certificate, key }, (socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(replyOf(body)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = clientOf(new URL(`https://localhost:${port}/`), { ca: certificate });
  const { reply, outgoing } = start(client);
  reply.onChunk = () => {
    outgoing.pause();
    setImmediate(() => outgoing.resume());
  };
  await reply.ended;
  expect([reply.error, reply.ends]).toEqual([undefined, 1]);
  expect(reply.body === body).toBe(true);
  expect((await ask(client)).body === body).toBe(true);
  server.close();
});
