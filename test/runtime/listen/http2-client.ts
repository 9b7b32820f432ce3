import http2 from 'node:http2';

export interface Http2Reply {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: string;
}

/** A session with `localhost` that trusts one certificate. */
export const openHttp2 = (port: number, ca: string): Promise<http2.ClientHttp2Session> =>
  new Promise((resolve, reject) => {
    const session = http2.connect(`https://127.0.0.1:${port}`, { ca });
    session.once('connect', () => resolve(session));
    session.once('error', reject);
    session.on('error', () => undefined);
  });

/** One request; `body` undefined sends headers only and leaves the stream open. Rejects if it is reset before a reply. */
export const http2Request = (
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body: string | undefined,
): Promise<Http2Reply> =>
  new Promise((resolve, reject) => {
    const stream = session.request({ ':authority': 'localhost', ...headers }, { endStream: false });
    let reply: http2.IncomingHttpHeaders | undefined;
    let text = '';
    stream.setEncoding('utf8');
    stream.on('response', (received) => {
      reply = received;
    });
    stream.on('data', (chunk) => {
      text += chunk;
    });
    stream.on('error', (error) => {
      if (reply === undefined) reject(error);
    });
    stream.on('close', () => {
      if (reply === undefined) reject(new Error('stream closed without a reply'));
      else resolve({ status: Number(reply[':status']), headers: reply, body: text });
    });
    if (body !== undefined) stream.end(body);
  });
