/** Upstream trouble: what the caller is told, what retry and breaker make of it. */
import type { RetryCondition } from '../../schema/graph/upstream.ts';
import { asGatewayError, type ErrorCode, GatewayError, RPC } from '../errors.ts';
import type { BreakerFailure } from '../traffic/breaker.ts';
import { lineFullError } from './bulkhead.ts';
import { NotTried } from './client/absence.ts';
import { LineFull } from './client/client.ts';
import { HeadRefused } from './client/request-head.ts';

/** A failed attempt. */
export interface Failure {
  readonly error: GatewayError;
  /** Absent: never retried. */
  readonly condition?: RetryCondition;
  /** Whether a byte of the request may have reached the upstream. */
  readonly sent: boolean;
  readonly retryAfterMs?: number;
  /** Absent: does not count against the upstream. */
  readonly counts?: BreakerFailure;
}

const MESSAGES = {
  upstream_unavailable: 'the upstream is unavailable',
  upstream_timeout: 'the upstream did not answer in time',
  upstream_protocol: 'the upstream broke the protocol',
  result_too_large: 'the result is too large',
  shutting_down: 'the upstream is being closed',
} as const satisfies Partial<Record<ErrorCode, string>>;

/** The error for the caller; `cause` is for the log. */
export const upstreamError = (
  code: keyof typeof MESSAGES,
  cause: unknown,
  retryAfterMs?: number,
): GatewayError =>
  new GatewayError(code, MESSAGES[code], {
    rpcCode: RPC.upstream,
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

/** Cause of the failure of a request whose session the upstream did not know: nothing of it was executed. */
export const SESSION_UNKNOWN = new Error('the session is unknown to the upstream');

/** Cause of the failure of a request whose session is lost with its endpoint: nothing of it was sent. */
export const ENDPOINT_UNREACHED = new Error('the endpoint of the session cannot be reached');

/** Causes of failures after which the call is to be made anew on another link. */
export const isMadeAnew = (cause: unknown): boolean =>
  cause === REVISION_REFUSED || cause === ENDPOINT_UNREACHED;

/** Cause of the failure of a request whose revision the upstream does not speak: nothing of it was executed. */
export const REVISION_REFUSED = new Error('the upstream does not speak this revision');

/** The connection could not be made, or broke. */
const connectionFailure = (cause: unknown, sent: boolean): Failure => ({
  error: upstreamError('upstream_unavailable', cause),
  condition: 'connect-error',
  sent,
  counts: 'connect',
});

/** What others learned a moment ago is no more evidence for being repeated: it counts for nobody. */
const notTriedFailure = ({ cause }: NotTried): Failure => ({
  error: upstreamError('upstream_unavailable', cause),
  condition: 'connect-error',
  sent: false,
});

/** Whether it tells nothing of the upstream: no connection was tried for it. */
export const isNotTried = (failure: Failure): boolean => isUnreached(failure) && failure.counts === undefined;

/** Whether there was no connection at all. */
export const isUnreached = ({ condition, sent }: Failure): boolean => condition === 'connect-error' && !sent;

/** What a connection is ended with when its upstream is closed by the gateway. */
export const CLOSED_BY_GATEWAY = new Error('the upstream is being closed');

/** Too many calls wait for a connection: more attempts would be more of them. */
export const lineFullFailure = (cause?: Error): Failure => ({ error: lineFullError(cause), sent: false });

/** What a client reports when a request could not be made or its connection broke. */
export const dispatchFailure = (thrown: Error, sent: boolean): Failure => {
  const code = (thrown as { code?: unknown }).code;
  if (thrown === CLOSED_BY_GATEWAY || code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return { error: upstreamError('shutting_down', thrown), sent };
  }
  if (thrown instanceof NotTried) return notTriedFailure(thrown);
  if (thrown instanceof LineFull) return lineFullFailure(thrown);
  // A header that cannot be sent is our fault or the caller's: never a reason to stop calling the upstream.
  if (thrown instanceof HeadRefused || code === 'UND_ERR_INVALID_ARG')
    return { error: asGatewayError(thrown), sent: false };
  return connectionFailure(thrown, sent);
};

/** The upstream answered, but not as its protocol asks. */
export const protocolFailure = (cause: string): Failure => ({
  error: upstreamError('upstream_protocol', cause),
  sent: true,
  counts: 'protocol',
});

export const timeoutFailure = (cause: string): Failure => ({
  error: upstreamError('upstream_timeout', cause),
  sent: true,
  counts: 'timeout',
});

export const tooLargeFailure = (maxBytes: number): Failure => ({
  error: upstreamError('result_too_large', `more than ${maxBytes} bytes`),
  sent: true,
});
