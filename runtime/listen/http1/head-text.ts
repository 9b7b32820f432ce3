/** The text of a reply's head (RFC 9112, 4) around the field lines that whoever replies has chosen. */
import { STATUS_CODES } from 'node:http';
import { dateLine } from './date.ts';

const CLOSES = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;
const OK = `HTTP/1.1 200 ${STATUS_CODES[200]}\r\n`;
const KEEP_ALIVE = 'Connection: keep-alive\r\n';

/** How most heads end within a second: one text, as each part of a reply has to be put in its place. */
const usual = { date: '', keepAlive: '', end: '' };

const usualEnd = (keepAlive: string): string => {
  const date = dateLine();
  if (date !== usual.date || keepAlive !== usual.keepAlive) {
    const end = Buffer.from(`${date}${KEEP_ALIVE}${keepAlive}\r\n`).toString('latin1');
    Object.assign(usual, { date, keepAlive, end });
  }
  return usual.end;
};

/** Of 200, on a connection that stays, with a body of a length that is told. */
export const usualHead = (lines: string, keepAlive: string): string => OK + lines + usualEnd(keepAlive);

/** Whether a field Connection ends the connection. */
export const closes = (connection: string): boolean => CLOSES.test(connection);

/** Whether the connection stays; `own` is what whoever replies says of it, `keepAlive` for how long it would. */
export const connectionLines = (own: string | undefined, stays: boolean, keepAlive: string): string => {
  if (own !== undefined)
    return stays || CLOSES.test(own) ? `Connection: ${own}\r\n` : `Connection: ${own}, close\r\n`;
  return stays ? `${KEEP_ALIVE}${keepAlive}` : 'Connection: close\r\n';
};

/** `connection` are the lines that tell whether it stays. */
export const headOf = (
  status: number,
  lines: string,
  isDated: boolean,
  connection: string,
  isChunked: boolean,
): string => {
  const framing = isChunked ? 'Transfer-Encoding: chunked\r\n' : '';
  const date = isDated ? '' : dateLine();
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n${lines}${date}${connection}${framing}\r\n`;
};
