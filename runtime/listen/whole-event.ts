/** A stream of one event that is there already. */
import type { WebExchange } from './exchange.ts';
import { replyText } from './reply.ts';

/** A longer one is sent as its reader takes it. */
export const MAX_WHOLE_LENGTH = 64 * 1024;

const LINE_BREAK = /\r\n|\r|\n/;
const HEADERS = Object.freeze(['cache-control', 'no-store, no-transform', 'x-accel-buffering', 'no']);

/** Answers with the event as all of a stream, whose length is known. `data` and `headers` as for other streams. */
export const replyEvent = (exchange: WebExchange, data: string, headers: readonly string[]): boolean => {
  const lines = LINE_BREAK.test(data) ? data.split(LINE_BREAK).join('\ndata: ') : data;
  return replyText(
    exchange,
    200,
    'text/event-stream',
    `data: ${lines}\n\n`,
    headers.length === 0 ? HEADERS : [...HEADERS, ...headers],
  );
};
