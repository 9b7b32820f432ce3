/** What undici's parser, llhttp, makes of the same bytes: where ours takes a reply, it is the same one. */
import fc from 'fast-check';
import { Pool } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpClient } from '../../../../runtime/upstream/client/client.ts';
import { requestLines } from '../../../../runtime/upstream/client/request-head.ts';
import { CollectedReply } from './collected-reply.ts';
import { type RawServer, startRawServer } from './raw-server.ts';

let server: RawServer;
let reply: readonly Buffer[] = [];

beforeAll(async () => {
  // Each piece by itself, then the end of the connection: the end of whatever has none.
  server = await startRawServer((socket) => {
    if (socket.writableEnded) return;
    socket.setNoDelay(true);
    for (const piece of reply) socket.write(piece);
    socket.end();
  });
});

afterAll(() => server[Symbol.asyncDispose]());

type Seen = 'refused' | { readonly status: number | undefined; readonly body: string };

const bySelf = async (): Promise<Seen> => {
  const client = new HttpClient(server.url, { connectMs: 5_000, idleMs: 5_000 });
  const target = new CollectedReply();
  client.send({ head: requestLines('POST', '/', 'h'), isHead: false, body: '{}' }, target);
  const { error, head, body } = await target.ended;
  client.close(new Error('over'));
  return error === undefined ? { status: head?.status, body } : 'refused';
};

const byUndici = async (): Promise<Seen> => {
  const pool = new Pool(server.url.origin, { connections: 1 });
  const chunks: Buffer[] = [];
  let status: number | undefined;
  const seen = await new Promise<Seen>((resolve) => {
    pool.dispatch(
      { path: '/', method: 'POST', body: '{}' },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, code) => {
          status = code;
        },
        onResponseData: (_controller, chunk) => void chunks.push(chunk),
        onResponseEnd: () => resolve({ status, body: Buffer.concat(chunks).toString('latin1') }),
        onResponseError: () => resolve('refused'),
      },
    );
  });
  await pool.destroy();
  return seen;
};

const SOUND = [
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"result":{}}',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n7\r\n{"resul\r\n6;x=y\r\nt":{}}\r\n0\r\nX-T: 1\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nnothing here',
  'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 204 No Content\r\nkeep-alive: timeout=5\r\n\r\n',
];

const STRAY = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '\0',
  '0',
  '1',
  'f',
  '+',
  '-',
  'x',
  '\x7f',
  '\xff',
  'content-length: 3\r\n',
  'transfer-encoding: chunked\r\n',
  'transfer-encoding: identity\r\n',
  'a: b\r\n',
];

interface Change {
  readonly at: number;
  readonly drop: number;
  readonly insert: string;
}

const changed = (text: string, changes: readonly Change[]): string =>
  changes.reduce((now, { at, drop, insert }) => {
    const place = at % (now.length + 1);
    return now.slice(0, place) + insert + now.slice(place + drop);
  }, text);

const CASES = fc.record({
  text: fc.constantFrom(...SOUND),
  changes: fc.array(fc.record({ at: fc.nat(200), drop: fc.nat(3), insert: fc.constantFrom('', ...STRAY) }), {
    maxLength: 3,
  }),
  cuts: fc.array(fc.nat(200), { maxLength: 3 }),
});

test('no reply is taken otherwise than undici takes it, whatever its bytes', async () => {
  let taken = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(CASES, async ({ text, changes, cuts }) => {
      const sent = changed(text, changes);
      // Nobody asked for it, and it does no harm (RFC 9110, 15.2): undici refuses it all the same.
      if (sent.startsWith('HTTP/1.1 100')) return;
      const bytes = Buffer.from(sent, 'latin1');
      const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].toSorted(
        (a, b) => a - b,
      );
      reply = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
      const own = await bySelf();
      if (own === 'refused') {
        refused += 1;
        return;
      }
      taken += 1;
      expect(own).toEqual(await byUndici());
    }),
    { numRuns: 1_000 },
  );
  expect(Math.min(taken, refused)).toBeGreaterThan(100);
});

test.each(SOUND)('what is sound both take: %j', async (text) => {
  reply = [Buffer.from(text, 'latin1')];
  const own = await bySelf();
  expect(own).not.toBe('refused');
  expect(own).toEqual(await byUndici());
});
