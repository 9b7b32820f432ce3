/** When a caller gives its call up, as it tells in the header that its server names. */
import { upstreamError } from '../upstream/failure.ts';
import type { Call } from './call.ts';

const MILLISECONDS = /^\d{1,12}$/;
/** The longest that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * On the clock of `performance.now()`, from when the request came, so that it is the same whenever it is asked for.
 * Undefined where the caller tells nothing, or nothing that can be read; so does one whose headers are not of this
 * message alone: what opened a channel tells nothing of what comes on it.
 */
export const callerDeadlineMs = ({
  server,
  exchange,
}: Pick<Call, 'server' | 'exchange'>): number | undefined => {
  const { deadlineHeader } = server.node;
  if (deadlineHeader === undefined || !exchange.hasOwnHeaders) return undefined;
  const told = exchange.request.headers[deadlineHeader];
  return typeof told === 'string' && MILLISECONDS.test(told) ? exchange.startedMs + Number(told) : undefined;
};

/** How long a call may wait that may wait for `mostMs`: no longer than its caller does. */
export const waitMs = (call: Pick<Call, 'server' | 'exchange'>, mostMs: number): number => {
  const endMs = callerDeadlineMs(call);
  return endMs === undefined ? mostMs : Math.min(mostMs, Math.max(endMs - performance.now(), 0));
};

/**
 * What `pending` settles with, or a rejection once its caller gives the call up. Others may still wait for `pending`.
 * How long it takes is time of the call.
 */
export const inTime = async <T>(
  call: Pick<Call, 'server' | 'exchange' | 'preparingMs'>,
  pending: Promise<T>,
): Promise<T> => {
  const startMs = performance.now();
  try {
    return await untilGivenUp(call, pending);
  } finally {
    call.preparingMs = (call.preparingMs ?? 0) + performance.now() - startMs;
  }
};

const untilGivenUp = <T>(call: Pick<Call, 'server' | 'exchange'>, pending: Promise<T>): Promise<T> => {
  if (callerDeadlineMs(call) === undefined) return pending;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void =>
      reject(upstreamError('upstream_timeout', 'the caller gave up before it was asked'));
    timer = setTimeout(giveUp, waitMs(call, MAX_TIMER_MS));
  });
  return Promise.race([pending, late]).finally(() => clearTimeout(timer));
};
