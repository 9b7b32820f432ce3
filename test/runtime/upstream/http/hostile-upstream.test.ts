import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { Link, Upstream } from '../../../../runtime/upstream/link.ts';
import { createUpstream } from '../../../../runtime/upstream/upstream.ts';
import type { HttpUpstreamNode } from '../../../../schema/graph/upstream.ts';
import { type RawServer, startRawServer } from '../client/raw-server.ts';
import { until } from '../polling.ts';
import { callEcho, echo } from '../recording-sink.ts';
import { httpNode, TIMEOUTS, testContext } from '../test-context.ts';

const MIB = 1024 * 1024;
const BOMB = gzipSync(Buffer.alloc(64 * MIB, ' '));
const JSON_TYPE = 'content-type: application/json\r\n';

const open: Upstream[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

const linkTo = ({ url }: RawServer, changes: Partial<HttpUpstreamNode> = {}): Promise<Link> => {
  const made = createUpstream(
    httpNode(url.href, { era: 'modern', connections: 1, ...changes }),
    testContext(),
  );
  open.push(made);
  return made.modern();
};

const idIn = (text: string): string => /"id":(\d+)/.exec(text)![1]!;

const result = (id: string, mark: string): string =>
  JSON.stringify({ jsonrpc: '2.0', id: Number(id), result: { content: [], mark } });

const reply = (body: string | Buffer, fields = JSON_TYPE, status = '200 OK'): Buffer =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status}\r\n${fields}content-length: ${Buffer.byteLength(body)}\r\n\r\n`),
    Buffer.from(body),
  ]);

const DISCOVERED = {
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: {} },
  resultType: 'complete',
  ttlMs: 60_000,
  cacheScope: 'public',
};

/** The first call is served by `serve`, all else soundly. */
const startHostile = (serve: (socket: Socket, id: string) => void): Promise<RawServer> => {
  let isFirst = true;
  return startRawServer((socket, text) => {
    if (!text.includes('"id":')) return;
    const id = idIn(text);
    if (text.includes('"server/discover"')) {
      socket.write(reply(JSON.stringify({ jsonrpc: '2.0', id: Number(id), result: DISCOVERED })));
    } else if (isFirst) {
      isFirst = false;
      serve(socket, id);
    } else socket.write(reply(result(id, 'sound')));
  });
};

/** Begins, and writes as fast as it is read. */
const writeWithoutEnd = (socket: Socket, head: string, piece: string): void => {
  const pieces = piece.repeat(500);
  socket.write(head);
  const more = (): void => {
    while (!socket.destroyed && socket.write(pieces));
  };
  socket.on('drain', more);
  more();
};

const sendsBothFramings = (socket: Socket, id: string): void => {
  const body = result(id, 'smuggled');
  const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const fields = `${JSON_TYPE}content-length: ${chunk.length}\r\ntransfer-encoding: chunked\r\n`;
  socket.write(`HTTP/1.1 200 OK\r\n${fields}\r\n${chunk}`);
};

const sendsTrailers = (fields: string) => (socket: Socket, id: string) => {
  const body = result(id, 'trailed');
  const head = `HTTP/1.1 200 OK\r\n${JSON_TYPE}transfer-encoding: chunked\r\n\r\n`;
  writeWithoutEnd(socket, `${head}${body.length.toString(16)}\r\n${body}\r\n0\r\n${fields}`, fields);
};

describe('an upstream that', () => {
  test.each<[string, (socket: Socket, id: string) => void]>([
    ['sends a head without end', (socket) => writeWithoutEnd(socket, 'HTTP/1.1 200 OK\r\n', 'a: b\r\n')],
    ['sends interim replies without end', (socket) => writeWithoutEnd(socket, '', 'HTTP/1.1 103 x\r\n\r\n')],
    ['sends trailers without end', sendsTrailers('a: b\r\n')],
    ['sends trailers that tell of a body', sendsTrailers('content-length: 5\r\n')],
    [
      'switches protocols',
      (socket, id) =>
        socket.write(
          `HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n${result(id, 'switched')}`,
        ),
    ],
    ['frames its reply in both ways', sendsBothFramings],
  ])('%s fails that call alone, at once', async (_what, serve) => {
    await using server = await startHostile(serve);
    const link = await linkTo(server);
    const { error, response } = await echo(link);
    expect([error?.code, response]).toEqual(['upstream_unavailable', undefined]);
    await until(() => server.sockets[0]!.destroyed);
    expect((await echo(link)).response).toMatchObject({ result: { mark: 'sound' } });
    expect(server.sockets).toHaveLength(2);
  });

  test('sends the reply to the next request right behind its own does not answer that', async () => {
    await using server = await startHostile((socket, id) => {
      const next = String(Number(id) + 1);
      socket.write(Buffer.concat([reply(result(id, 'own')), reply(result(next, 'poison'))]));
    });
    const link = await linkTo(server);
    const calls = [callEcho(link), callEcho(link)];
    await Promise.all(calls.map(({ sink }) => sink.ended));
    expect(calls[1]!.id).toBe(calls[0]!.id + 1);
    expect(calls[0]!.sink.response).toMatchObject({ result: { mark: 'own' } });
    expect(calls[1]!.sink.response).toMatchObject({ result: { mark: 'sound' } });
    expect(server.sockets).toHaveLength(2);
  });

  test('answers after its call was taken back, or had timed out, answers nobody', async () => {
    for (const isTakenBack of [true, false]) {
      let late: (() => void) | undefined;
      await using server = await startHostile((socket, id) => {
        late = () => socket.write(Buffer.concat([reply(result(id, 'late')), reply(result(id, 'later'))]));
      });
      const link = await linkTo(server, { timeouts: { ...TIMEOUTS, callMs: isTakenBack ? 5_000 : 1_000 } });
      const { sink, cancel } = callEcho(link);
      await until(() => late !== undefined);
      if (isTakenBack) cancel('no longer wanted');
      else await sink.ended;
      late!();
      expect((await echo(link)).response).toMatchObject({ result: { mark: 'sound' } });
      expect(sink.response).toBeUndefined();
      expect(server.sockets).toHaveLength(2);
    }
  });

  test.each([301, 302, 303, 307, 308])('redirects by %i is not followed', async (status) => {
    await using elsewhere = await startRawServer((socket, text) =>
      socket.write(reply(result(idIn(text), 'elsewhere'))),
    );
    await using server = await startHostile((socket, id) => {
      socket.write(
        reply(result(id, 'moved'), `${JSON_TYPE}location: ${elsewhere.url.href}\r\n`, `${status} x`),
      );
    });
    const { error, response } = await echo(await linkTo(server));
    expect([error?.code, response]).toEqual(['upstream_protocol', undefined]);
    expect(elsewhere.sockets).toHaveLength(0);
  });

  test.each([
    ['application/json', 'gzip'],
    ['text/event-stream', 'gzip'],
    ['application/json', 'br'],
    ['application/json', 'identity, gzip'],
  ])('compresses %s by %s unasked is refused before anything is unpacked', async (type, coding) => {
    await using server = await startHostile((socket) => {
      socket.write(reply(BOMB, `content-type: ${type}\r\ncontent-encoding: ${coding}\r\n`));
    });
    const link = await linkTo(server);
    const { error, events } = await echo(link);
    expect([error?.code, events]).toEqual(['upstream_protocol', ['error']]);
    expect((await echo(link)).response).toMatchObject({ result: { mark: 'sound' } });
  });

  test('says a sound reply is of a coding that it is not of is refused; what is of none is not', async () => {
    for (const [coding, isTaken] of [
      ['gzip', false],
      ['identity', true],
    ] as const) {
      await using server = await startHostile((socket, id) => {
        socket.write(reply(result(id, 'own'), `${JSON_TYPE}content-encoding: ${coding}\r\n`));
      });
      const { error, response } = await echo(await linkTo(server));
      expect([error === undefined, response !== undefined]).toEqual([isTaken, isTaken]);
    }
  });
});
