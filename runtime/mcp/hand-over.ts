/** Hands a request to the peer that holds what it goes on with. Its caller waits for that no longer than for anything else. */
import type { WebExchange } from '../listen/exchange.ts';
import { replyError } from '../listen/reply.ts';
import { upstreamError } from '../upstream/failure.ts';
import { idTextOf, isObject } from '../upstream/message.ts';
import { callerDeadlineMs } from './caller-deadline.ts';
import { parseJson } from './message.ts';
import type { PreparedServer } from './server.ts';

/** The peer ends the call by itself, and says more of it: that is given a moment to arrive. */
const GRACE_MS = 100;

const idOf = (body: string | undefined): string | undefined => {
  const value = body === undefined ? undefined : parseJson(body);
  return isObject(value) ? idTextOf(value.id) : undefined;
};

/** `serveHere` is called where there is no such peer any more. A stream that is asked for has no deadline. */
export const handOver = (
  server: PreparedServer,
  exchange: WebExchange,
  owner: string,
  body: string | undefined,
  serveHere: () => void,
): void => {
  const endMs = exchange.request.method === 'POST' ? callerDeadlineMs({ server, exchange }) : undefined;
  server.peers!.handOver(exchange, owner, body, serveHere);
  if (endMs === undefined) return;
  const giveUp = (): void => {
    const { onAbort, response } = exchange;
    if (exchange.concluded || response.headersSent) return;
    replyError(exchange, upstreamError('upstream_timeout', 'the peer did not answer in time'), idOf(body));
    onAbort?.();
  };
  const timer = setTimeout(giveUp, Math.max(endMs - performance.now(), 0) + GRACE_MS);
  exchange.response.once('close', () => clearTimeout(timer));
};
