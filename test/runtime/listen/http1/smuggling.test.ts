/** What two readers of the same bytes could understand differently is refused, and nothing behind it is executed. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readBody } from '../../../../runtime/listen/body.ts';
import { replyError, replyJson } from '../../../../runtime/listen/reply.ts';
import { listenerNode, type ServedListener, serve, until } from '../listener-fixture.ts';
import { exchangeRaw } from '../raw-client.ts';

let served: ServedListener;
beforeEach(async () => {
  served = await serve(listenerNode(), {
    '/mcp': (exchange) =>
      readBody(
        exchange,
        4096,
        (text) => replyJson(exchange, 200, JSON.stringify({ text })),
        (error) => replyError(exchange, error),
      ),
  });
});
afterEach(() => served[Symbol.asyncDispose]());

const POST = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\n';
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n`;
const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n';
const MANY = Array.from({ length: 300 }, (_, at) => `X-${at}: 1\r\n`).join('');

const CASES: readonly (readonly [what: string, bytes: string, status?: number])[] = [
  ['LF that ends a request line', 'GET /mcp HTTP/1.1\nHost: localhost\r\n\r\n'],
  ['LF that ends a field line', `${POST}X-A: b\nContent-Length: 0\r\n\r\n`],
  ['LF that ends a head', `${POST}X-A: b\n\n`],
  ['CR in a value', `${POST}X-A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['CR that ends a head', `${POST}Content-Length: 0\r\n\r\r\n`],
  ['a folded line', `${POST}X-A: b\r\n Content-Length: 5\r\n\r\n`],
  ['a folded line with a tab', `${POST}X-A: b\r\n\tContent-Length: 5\r\n\r\n`],
  ['white space before the first field', `GET /mcp HTTP/1.1\r\n Host: localhost\r\n\r\n`],
  ['white space before a colon', `${POST}Content-Length : 5\r\n\r\nhello`],
  ['a tab before a colon', `${POST}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`],
  ['a field without a name', `${POST}: b\r\n\r\n`],
  ['a field without a colon', `${POST}Content-Length\r\n\r\n`],
  ['a name with a separator', `${POST}X(A): b\r\n\r\n`],
  ['a name that is no ASCII', `${POST}X-\xe4: b\r\n\r\n`],
  ['NUL in a name', `${POST}X\0: b\r\n\r\n`],
  ['NUL in a value', `${POST}X-A: \0\r\n\r\n`],
  ['a control character in a value', `${POST}X-A: \x1b[2J\r\n\r\n`],
  ['DEL in a value', `${POST}X-A: \x7f\r\n\r\n`],
  ['a length with a sign', `${POST}Content-Length: +5\r\n\r\nhello`],
  ['a negative length', `${POST}Content-Length: -5\r\n\r\nhello`],
  ['a length in hexadecimal', `${POST}Content-Length: 0x5\r\n\r\nhello`],
  ['a length with an exponent', `${POST}Content-Length: 1e1\r\n\r\nhello`],
  ['a length with a space in it', `${POST}Content-Length: 1 0\r\n\r\nhello`],
  ['an empty length', `${POST}Content-Length: \r\n\r\n`],
  ['a length beyond all numbers', `${POST}Content-Length: ${'9'.repeat(30)}\r\n\r\n`],
  ['a length behind a tab', `${POST}Content-Length:\t5\r\n\r\nhello`],
  ['two lengths', `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`],
  ['the same length twice', `${POST}Content-Length: 5\r\ncontent-length: 5\r\n\r\nhello`],
  ['a list of lengths', `${POST}Content-Length: 5, 5\r\n\r\nhello`],
  ['a length and chunks', `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['chunks and a length', `${CHUNKED}Content-Length: 5\r\n\r\n0\r\n\r\n`],
  ['another coding', `${POST}Transfer-Encoding: gzip\r\n\r\n`],
  ['two codings', `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked, and then another coding', `${POST}Transfer-Encoding: chunked, identity\r\n\r\n`],
  ['chunked twice', `${CHUNKED}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['chunked in quotes', `${POST}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`],
  ['a coding behind a tab', `${POST}Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n`],
  ['a coding with a control character', `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  ['no coding', `${POST}Transfer-Encoding: \r\n\r\n`],
  [
    'chunks in HTTP/1.0',
    'POST /mcp HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a chunk of no size', `${CHUNKED}\r\n\r\n0\r\n\r\n`],
  ['a chunk size with a sign', `${CHUNKED}\r\n+5\r\nhello\r\n0\r\n\r\n`],
  ['a chunk size with a prefix', `${CHUNKED}\r\n0x5\r\nhello\r\n0\r\n\r\n`],
  ['a chunk size with white space', `${CHUNKED}\r\n5 \r\nhello\r\n0\r\n\r\n`],
  ['a chunk size beyond all numbers', `${CHUNKED}\r\n${'f'.repeat(17)}\r\n`],
  ['LF behind a chunk size', `${CHUNKED}\r\n5\nhello\r\n0\r\n\r\n`],
  ['LF in an extension', `${CHUNKED}\r\n5;a\nhello\r\n0\r\n\r\n`],
  ['CR in an extension', `${CHUNKED}\r\n5;a\rb\r\nhello\r\n0\r\n\r\n`],
  ['an extension without end', `${CHUNKED}\r\n5;a=${'b'.repeat(2_000)}\r\nhello\r\n0\r\n\r\n`, 413],
  ['a chunk longer than its size', `${CHUNKED}\r\n5\r\nhello, you\r\n0\r\n\r\n`],
  ['a chunk that LF ends', `${CHUNKED}\r\n5\r\nhello\n0\r\n\r\n`],
  ['a trailer that tells of a length', `${CHUNKED}\r\n0\r\nContent-Length: 40\r\n\r\n`],
  ['a trailer that names a host', `${CHUNKED}\r\n0\r\nHost: other\r\n\r\n`],
  ['a folded trailer', `${CHUNKED}\r\n0\r\nX-A: b\r\n c\r\n\r\n`],
  ['trailers without end', `${CHUNKED}\r\n0\r\n${`X-A: ${'b'.repeat(1_000)}\r\n`.repeat(20)}\r\n`],
  ['an unknown method', 'STEAL /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a method in lower case', 'get /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a tunnel', 'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n'],
  ['two spaces in a request line', 'GET  /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a tab in a request line', 'GET\t/mcp HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a target with a fragment', 'GET /mcp#x HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a target that is no ASCII', 'GET /mc\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a target with a control character', 'GET /mcp\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a target without a slash', 'GET mcp HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a target with credentials', 'GET http://a:b@localhost/mcp HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['no version', 'GET /mcp\r\n\r\n'],
  ['a version that is none', 'GET /mcp HTTP/1.\r\nHost: localhost\r\n\r\n'],
  ['a version of two digits', 'GET /mcp HTTP/1.10\r\nHost: localhost\r\n\r\n'],
  ['a version in lower case', 'GET /mcp http/1.1\r\nHost: localhost\r\n\r\n'],
  ['a version that is not spoken', 'GET /mcp HTTP/1.2\r\nHost: localhost\r\n\r\n'],
  ['another version that is not spoken', 'GET /mcp HTTP/2.0\r\nHost: localhost\r\n\r\n'],
  ['two empty lines before', `\r\n\r\n${POST}Content-Length: 0\r\n\r\n`],
  ['white space before', ` ${POST}Content-Length: 0\r\n\r\n`],
  ['TLS', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
  ['more fields than are read', `${POST}${MANY}\r\n`, 431],
  ['more bytes of fields than are read', `${POST}X-A: ${'b'.repeat(17_000)}\r\n\r\n`, 431],
];

it.each(CASES)('%s is refused, and the connection ends', async (_what, bytes, status = 400) => {
  const reply = await exchangeRaw(served.port, bytes + HIDDEN);
  expect(reply.match(/HTTP\/1.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
  expect(reply).toContain('connection: close\r\n');
  await until(() => served.held() === 0 && served.observer.closed === 1);
  expect(served.observer.bad).toEqual([status]);
  const { finished } = served.observer;
  expect(finished.map(({ path, record }) => [path, record.outcome])).toEqual(
    finished.map(() => ['/mcp', 'invalid_request']),
  );
});
