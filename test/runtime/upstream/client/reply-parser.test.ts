import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_HEAD_BYTES, ReplyParser } from '../../../../runtime/upstream/client/reply-parser.ts';
import { CollectedReply } from './collected-reply.ts';

interface Read {
  readonly status: number | undefined;
  readonly headers: Record<string, string | undefined>;
  readonly keepAlive: boolean | undefined;
  readonly body: string;
  readonly ends: number;
  /** What came behind the reply. */
  readonly rest: string;
  readonly fault: string;
}

/** Feeds the pieces to a parser, then the end of the connection. */
const read = (pieces: readonly string[], { isHead = false, closes = true } = {}): Read => {
  const reply = new CollectedReply();
  const parser = new ReplyParser(reply);
  parser.expect(isHead);
  let rest = '';
  let fault = '';
  try {
    for (const piece of pieces) {
      const bytes = Buffer.from(piece, 'latin1');
      const at = parser.push(bytes, 0, bytes.length);
      rest += bytes.toString('latin1', at);
    }
    if (closes && reply.ends === 0) parser.end();
  } catch (thrown) {
    fault = (thrown as Error).message;
  }
  const { head, body, ends } = reply;
  const headers = { ...head?.headers };
  return { status: head?.status, headers, keepAlive: head?.keepAlive, body, ends, rest, fault };
};

const OK = 'HTTP/1.1 200 OK\r\n';

describe('a reply is read', () => {
  test('with a length, and what follows is left alone', () => {
    expect(read([`${OK}Content-Length: 5\r\nX-A:  b \r\n\r\nhelloHTTP/1.1`])).toEqual({
      status: 200,
      headers: { 'content-length': '5', 'x-a': 'b' },
      keepAlive: true,
      body: 'hello',
      ends: 1,
      rest: 'HTTP/1.1',
      fault: '',
    });
  });

  test('for itself, however much its head is like that of the one before', () => {
    const reply = new CollectedReply();
    const parser = new ReplyParser(reply);
    const next = (text: string, isHead = false) => {
      parser.expect(isHead);
      const bytes = Buffer.from(text, 'latin1');
      expect(parser.push(bytes, 0, bytes.length)).toBe(bytes.length);
      return [reply.head!.status, reply.head!.headers['content-length'], reply.ends];
    };
    const long = `x-long: ${'a'.repeat(2000)}\r\n`;
    expect(next(`${OK}content-length: 1\r\n\r\na`)).toEqual([200, '1', 1]);
    expect(next(`${OK}content-length: 1\r\n\r\nb`)).toEqual([200, '1', 2]);
    expect(next(`${OK}content-length: 1\r\n\r\n`, true)).toEqual([200, '1', 3]);
    expect(next(`${OK}content-length: 2\r\n\r\nbc`)).toEqual([200, '2', 4]);
    expect(next(`${OK}content-length: 2\r\n${long}\r\nde`)).toEqual([200, '2', 5]);
    expect(next('HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nfg')).toEqual([404, '2', 6]);
    expect(reply.body).toBe('abbcdefg');
  });

  test('in chunks, with extensions and trailers', () => {
    const text = `${OK}transfer-encoding: Chunked\r\n\r\n5;a="b"\r\nhello\r\n00A;c=d;e\r\n, upstream\r\n0\r\nx-sum: 1\r\n\r\n`;
    expect(read([text])).toMatchObject({ body: 'hello, upstream'.slice(0, 15), ends: 1, fault: '' });
  });

  test('up to the end of the connection where it names no length', () => {
    expect(read([`${OK}\r\nall`, ' of it'])).toMatchObject({
      body: 'all of it',
      ends: 1,
      keepAlive: false,
    });
  });

  test('without a body where there can be none', () => {
    expect(read([`HTTP/1.1 204 No Content\r\n\r\n`])).toMatchObject({ body: '', ends: 1, rest: '' });
    expect(read([`HTTP/1.1 304\r\ncontent-length: 9\r\n\r\n`])).toMatchObject({ ends: 1, status: 304 });
    expect(read([`${OK}content-length: 9\r\n\r\n`], { isHead: true })).toMatchObject({ ends: 1, body: '' });
    expect(read([`${OK}content-length: 0\r\n\r\n`])).toMatchObject({ ends: 1, body: '', fault: '' });
  });

  test('behind interim ones', () => {
    const text = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n${OK}content-length: 1\r\n\r\nx`;
    expect(read([text])).toMatchObject({
      status: 200,
      headers: { 'content-length': '1' },
      body: 'x',
      ends: 1,
    });
  });

  test.each([
    ['HTTP/1.1', 'close', false],
    ['HTTP/1.1', 'x, Close', false],
    ['HTTP/1.1', 'keep-alive', true],
    ['HTTP/1.1', 'enclosed', true],
    ['HTTP/1.0', 'keep-alive', false],
  ])('%s with connection: %s leaves the connection usable: %s', (version, connection, keepAlive) => {
    const text = `${version} 200 OK\r\nconnection: ${connection}\r\ncontent-length: 0\r\n\r\n`;
    expect(read([text])).toMatchObject({ keepAlive, ends: 1 });
  });

  test('and a header that comes twice has its values joined, even one called __proto__', () => {
    const { headers } = read([`${OK}a: 1\r\nA: 2\r\n__proto__: x\r\ncontent-length: 0\r\n\r\n`]);
    expect(Object.entries(headers)).toEqual([
      ['a', '1, 2'],
      ['__proto__', 'x'],
      ['content-length', '0'],
    ]);
  });

  test('the same however the bytes are cut', () => {
    const reply = fc.record({
      interim: fc.integer({ min: 0, max: 2 }),
      reason: fc.constantFrom('', ' ', ' OK', ' Not so good'),
      headers: fc.array(
        fc.tuple(fc.constantFrom('a', 'B-c', 'x_y'), fc.constantFrom('', '1', ' two ', 'a\tb')),
      ),
      chunks: fc.array(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }), { maxLength: 5 }),
      framing: fc.constantFrom('length', 'chunked', 'until-close'),
      trailers: fc.constantFrom('', 'x-a: 1\r\n', 'x-a: 1\r\nx-b: 2\r\n'),
    });
    const cuts = fc.array(fc.nat(400), { maxLength: 30 });
    fc.assert(
      fc.property(reply, cuts, ({ interim, reason, headers, chunks, framing, trailers }, places) => {
        const body = chunks.join('');
        const fields = headers.map(([name, value]) => `${name}:${value}\r\n`).join('');
        const length = framing === 'length' ? `content-length: ${body.length}\r\n` : '';
        const coding = framing === 'chunked' ? 'transfer-encoding: chunked\r\n' : '';
        const coded = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
        const sent = framing === 'chunked' ? `${coded}0\r\n${trailers}\r\n` : body;
        const text = `${'HTTP/1.1 102 Wait\r\n\r\n'.repeat(interim)}HTTP/1.1 200${reason}\r\n${fields}${length}${coding}\r\n${sent}`;
        const ordered = [0, ...places.toSorted((a, b) => a - b), text.length].map((at) =>
          Math.min(at, text.length),
        );
        const pieces = ordered.slice(1).map((end, index) => text.slice(ordered[index], end));
        const whole = read([text]);
        expect(whole).toMatchObject({ status: 200, body, ends: 1, rest: '', fault: '' });
        expect(read(pieces)).toEqual(whole);
        expect(read([...text])).toEqual(whole);
      }),
    );
  });
});

describe('refused is', () => {
  const withHead = (...lines: readonly string[]): string =>
    `${OK}${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['HTTP/0.9', '<html>\r\n\r\n'],
    ['a version that is none', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['a status that is none', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status with a sign', 'HTTP/1.1 +20 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['two spaces before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['a line feed alone behind the status', 'HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n'],
    ['an empty line before the status', `\r\n${OK}content-length: 0\r\n\r\n`],
    ['a switch of protocols that nobody asked for', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n'],
    ['an interim reply in HTTP/1.0', `HTTP/1.0 103 Early Hints\r\n\r\n${OK}content-length: 0\r\n\r\n`],
    ['an endless row of interim replies', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(17)],
    ['both framings', withHead('content-length: 5', 'transfer-encoding: chunked')],
    ['both framings, the other way round', withHead('transfer-encoding: chunked', 'content-length: 5')],
    ['two lengths', withHead('content-length: 5', 'content-length: 6')],
    ['the same length twice', withHead('content-length: 5', 'Content-Length: 5')],
    ['a list of lengths', withHead('content-length: 5, 5')],
    ['a length with a sign', withHead('content-length: +5')],
    ['a negative length', withHead('content-length: -1')],
    ['a length in another base', withHead('content-length: 0x5')],
    ['a length with a space in it', withHead('content-length: 1 0')],
    ['a length with a tab behind it', withHead('content-length: 5\t')],
    ['a coding with a tab behind it', withHead('transfer-encoding: chunked\t')],
    ['an empty length', withHead('content-length:')],
    ['a length that no number holds', withHead('content-length: 9999999999999999')],
    ['another transfer coding', withHead('transfer-encoding: gzip, chunked')],
    ['a coding behind chunked', withHead('transfer-encoding: chunked, identity')],
    ['chunked twice', withHead('transfer-encoding: chunked', 'transfer-encoding: chunked')],
    ['a coding with a stray character', withHead('transfer-encoding: xchunked')],
    ['a coding in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', withHead('content-length : 5')],
    ['a folded line', withHead('a: b', ' content-length: 5')],
    ['a line without colon', withHead('content-length 5')],
    ['a line without name', withHead(': 5')],
    ['a name with a space', withHead('a b: 5')],
    ['a name outside of ASCII', withHead('content-l\xe9ngth: 5')],
    ['a NUL in a value', withHead('a: b\0c')],
    ['a carriage return in a value', withHead('a: b\rcontent-length: 0')],
    ['a line feed in a value', withHead('a: b\ncontent-length: 0')],
    ['a head without end', `${OK}a: ${'x'.repeat(MAX_HEAD_BYTES)}`],
    ['a head without lines', `${OK}${'a: b\r\n'.repeat(MAX_HEAD_BYTES / 4)}`],
    [
      'trailers without end',
      `${OK}transfer-encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(MAX_HEAD_BYTES)}`,
    ],
    ['a length among the trailers', `${OK}transfer-encoding: chunked\r\n\r\n0\r\ncontent-length: 0\r\n\r\n`],
    ['a trailer that is none', `${OK}transfer-encoding: chunked\r\n\r\n0\r\nx\r\n\r\n`],
    ['a chunk size in another base', `${OK}transfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size with a sign', `${OK}transfer-encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n`],
    ['an empty chunk size', `${OK}transfer-encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size that no number holds', `${OK}transfer-encoding: chunked\r\n\r\n${'f'.repeat(17)}\r\n`],
    [
      'a chunk size that ends in a line feed alone',
      `${OK}transfer-encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n`,
    ],
    ['a chunk extension that is none', `${OK}transfer-encoding: chunked\r\n\r\n5;,x\r\nhello\r\n0\r\n\r\n`],
    ['a space behind a chunk size', `${OK}transfer-encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n`],
    ['a chunk extension without end', `${OK}transfer-encoding: chunked\r\n\r\n5;${'x'.repeat(2000)}`],
    ['a chunk longer than it said', `${OK}transfer-encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n`],
    ['a chunk shorter than it said', `${OK}transfer-encoding: chunked\r\n\r\n6\r\nhello\r\n0\r\n\r\n`],
  ])('%s', (_what, text) => {
    expect(read([text]).fault).not.toBe('');
    expect(read([...text]).fault).not.toBe('');
  });

  test.each([
    ['in the head', `${OK}content-le`],
    ['in a body of known length', `${OK}content-length: 5\r\n\r\nhell`],
    ['in a chunk', `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhel`],
    ['before the last chunk', `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`],
    ['before the end of the trailers', `${OK}transfer-encoding: chunked\r\n\r\n0\r\n`],
  ])('an end of the connection %s', (_where, text) => {
    expect(read([text])).toMatchObject({ ends: 0, fault: '' });
  });
});
