/** For replies that last: what belongs to their request alone is not held for as long. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebExchange } from './exchange.ts';

/** What Node.js keeps of a head that is sent: of no use any more, but that there is one. */
interface SentHead {
  _header: unknown;
  readonly _headerSent: unknown;
}

/** Lets go of the headers of the request, all of which have been read, and of those of the reply, which are sent. */
export const holdLittle = ({ request, response }: WebExchange): void => {
  if ('stream' in request) return;
  const { headers, rawHeaders } = request as IncomingMessage;
  // Node.js makes `headers` of them when it is first asked for: so it is asked before they are gone.
  const agent = headers['user-agent'];
  rawHeaders.length = 0;
  (request as IncomingMessage).headers = agent === undefined ? {} : { 'user-agent': agent };
  const head = response as ServerResponse & SentHead;
  // It tells by this text alone that there is a head, and by the flag that it need not send it.
  if (head._headerSent === true && typeof head._header === 'string') head._header = 'sent';
};
