/** Bytes of requests, and what may be done to them. */
import fc from 'fast-check';

const SOUND = [
  'POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'POST /mcp?x=1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX-A:  b \r\n\r\n3\r\nhel\r\n2;x="y z"\r\nlo\r\n0\r\nX-T: 1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\nX-Y:\r\nCookie: c=d\r\nX-Z: 1\r\nx-z: 2\r\nAccept: */*\r\n\r\n',
  '\r\nHEAD http://a:80/x HTTP/1.1\r\nHost: a:80\r\nuser-agent: x\r\nUser-Agent: y\r\nset-cookie: 1\r\n\r\n',
  'DELETE /x HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx',
  'POST /wait HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc',
  'OPTIONS * HTTP/1.1\r\nhost: \tx\t\r\nX-\xe4: v\r\n\r\n',
];

const STRAY = [
  ...['\r', '\n', '\r\n', ' ', '\t', ':', ';', ',', '\0', '\x7f', '\xe4', '0', '1', 'f', '+', '-', '#', '?'],
  ...['\r\nContent-Length: 3', '\r\nTransfer-Encoding: chunked', '\r\nTransfer-Encoding: x', '\r\n folded'],
  ...['Connection: close\r\n', 'Content-Length: 5\r\n', 'Content-Length : 5\r\n', 'HTTP/1.1', '0\r\n\r\n'],
];

interface Change {
  readonly at: number;
  readonly deleted: number;
  readonly inserted: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(400),
  deleted: fc.nat(3),
  inserted: fc.oneof(fc.constantFrom('', ...STRAY), fc.string({ maxLength: 3 })),
});

const apply = (text: string, { at, deleted, inserted }: Change): string => {
  const start = at % (text.length + 1);
  return text.slice(0, start) + inserted + text.slice(start + deleted);
};

/** One request or several, most of them with something wrong. */
export const messages: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.array(fc.constantFrom(...SOUND), { minLength: 1, maxLength: 3 }),
    fc.array(change, { maxLength: 3 }),
  )
  .map(([parts, changes]) => Buffer.from(changes.reduce(apply, parts.join('')), 'latin1'));

/** Bytes in pieces, cut anywhere. */
export const cut = (bytes: Buffer, at: readonly number[]): readonly Buffer[] => {
  const places = [...new Set(at.map((each) => each % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places]
    .map((place, index) => bytes.subarray(place, places[index] ?? bytes.length))
    .filter(({ length }) => length > 0);
};
