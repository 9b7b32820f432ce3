import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { knownConnection } from './connection.ts';

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** What Node reports when a client just goes away. */
const GONE = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE']);

/**
 * Whether a bare reply would be read as the answer to what went wrong: nothing is being answered on the
 * connection, or the one request that is has not come whole and has no reply yet.
 */
const mayAnswer = (socket: Socket): boolean => {
  const open = knownConnection(socket)?.open ?? [];
  const [first] = open;
  if (first === undefined) return true;
  return open.length === 1 && !first.response.headersSent && !first.request.complete;
};

/**
 * Ends a connection on which something came that is not HTTP/1.1, or not in time: with a bare 400, 408, 413 or
 * 431 with the listener's headers where that cannot be taken for the reply to another request, else without a
 * word. Returns the status, 0 for none, undefined if the client had merely gone.
 */
export const answerBadRequest = (
  error: NodeJS.ErrnoException,
  socket: Socket,
  headers: readonly string[],
): number | undefined => {
  const gone = GONE.has(error.code ?? '');
  if (gone || !socket.writable || !mayAnswer(socket)) {
    socket.destroy();
    return gone ? undefined : 0;
  }
  const status = STATUS_BY_CODE[error.code ?? ''] ?? 400;
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  const [exchange] = knownConnection(socket)?.open ?? [];
  if (exchange !== undefined) {
    exchange.record.outcome = status === 408 ? 'body_timeout' : 'invalid_request';
    head += `x-correlation-id: ${exchange.correlationId}\r\n`;
  }
  socket.end(`${head}\r\n`, () => socket.destroy());
  return status;
};
