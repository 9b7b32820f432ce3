/**
 * A process of its own: an MCP endpoint, and an HTTP API, that costs as little as Node.js allows, so that load and upstream together
 * keep one core less busy than the proxy under test keeps the other. HTTP/1.1 by hand on node:net: requests with
 * Content-Length, kept connections. Prints its port.
 */
import { createServer, type Socket } from 'node:net';
import { API_PATH } from './api-document.ts';
import { ANSWER } from './call.ts';
import { answerTo } from './upstream-answer.ts';

const REASONS = { 200: 'OK', 202: 'Accepted', 400: 'Bad Request', 404: 'Not Found' } as const;
const SESSION_HEADER = 'mcp-session-id: bench-upstream-session\r\n';
const NOT_ALLOWED = 'HTTP/1.1 405 Method Not Allowed\r\nallow: POST, DELETE\r\ncontent-length: 0\r\n\r\n';
const LENGTH_REQUIRED = 'HTTP/1.1 411 Length Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';
const SESSION_ENDED = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';

const FORECAST = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(ANSWER)}\r\n\r\n${ANSWER}`;

const reply = (head: string, body: string): string => {
  const answer = answerTo(body, head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/')));
  if (answer.isStream === true) {
    const length = Buffer.byteLength(answer.body).toString(16);
    return `${STREAM_HEAD}${length}\r\n${answer.body}\r\n0\r\n\r\n`;
  }
  const statusLine = `HTTP/1.1 ${answer.status} ${REASONS[answer.status]}\r\ncontent-length: ${Buffer.byteLength(answer.body)}\r\n`;
  if (answer.status === 202) return `${statusLine}\r\n`;
  return `${statusLine}content-type: application/json\r\n${answer.opensSession ? SESSION_HEADER : ''}\r\n${answer.body}`;
};

/** The bytes after the header block that belong to the request, or undefined for a chunked one. */
const contentLength = (head: string): number | undefined => {
  if (/\r\ntransfer-encoding:/i.test(head)) return undefined;
  return Number(/\r\ncontent-length:[ \t]*(\d+)/i.exec(head)?.[1] ?? 0);
};

const serve = (socket: Socket): void => {
  let pending: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (;;) {
      const headEnd = pending.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const head = pending.toString('latin1', 0, headEnd);
      const length = contentLength(head);
      if (length === undefined) return void socket.end(LENGTH_REQUIRED);
      const end = headEnd + 4 + length;
      if (pending.length < end) return;
      if (head.startsWith(`GET ${API_PATH}?`)) socket.write(FORECAST);
      else if (head.startsWith('POST '))
        socket.write(reply(head, pending.toString('utf8', headEnd + 4, end)));
      else socket.write(head.startsWith('DELETE ') ? SESSION_ENDED : NOT_ALLOWED);
      pending = pending.subarray(end);
    }
  });
};

const server = createServer(serve);
server.listen(0, '127.0.0.1', 1024, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(address.port);
});
