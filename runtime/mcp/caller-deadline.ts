/** When a caller gives its call up, as it tells in the header that its server names. */
import type { Call } from './call.ts';

const MILLISECONDS = /^\d{1,12}$/;

/** On the clock of `performance.now()`; undefined where it tells nothing, or nothing that can be read. */
export const callerDeadlineMs = ({ server, exchange }: Call): number | undefined => {
  const { deadlineHeader } = server.node;
  if (deadlineHeader === undefined) return undefined;
  const told = exchange.request.headers[deadlineHeader];
  return typeof told === 'string' && MILLISECONDS.test(told) ? exchange.startedMs + Number(told) : undefined;
};
