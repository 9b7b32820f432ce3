/** Whether and when a failed attempt is made again. Pure: chance and time are given. */
import type { RetryCondition, RetryNode } from '../../schema/graph/upstream.ts';

/** What is known of an attempt that failed. */
interface FailedAttempt {
  /** Absent: a failure of a kind that is never retried. */
  readonly condition: RetryCondition | undefined;
  /** Whether a byte of the request may have reached the upstream. */
  readonly sent: boolean;
  /** What the upstream's Retry-After asked for. */
  readonly retryAfterMs: number | undefined;
}

/**
 * The delay in milliseconds before the next attempt, or undefined if there is none.
 * @param attempts how many were made, the failed one included
 * @param random uniform in [0, 1)
 */
export const retryDelayMs = (
  node: RetryNode,
  failed: FailedAttempt,
  attempts: number,
  idempotent: boolean,
  random: () => number,
): number | undefined => {
  if (attempts >= node.maxAttempts) return undefined;
  if (failed.condition === undefined || !node.when.includes(failed.condition)) return undefined;
  if (failed.sent && node.onlyIdempotent && !idempotent) return undefined;
  const boundMs = Math.min(node.backoff.maxMs, node.backoff.baseMs * 2 ** (attempts - 1));
  const delayMs = node.backoff.jitter === 'full' ? random() * boundMs : boundMs;
  if (failed.retryAfterMs === undefined) return delayMs;
  // An upstream that wants a longer pause than we are willing to make is not asked again.
  return failed.retryAfterMs > node.backoff.maxMs ? undefined : Math.max(delayMs, failed.retryAfterMs);
};

/**
 * A Retry-After value (RFC 9110, section 10.2.3) in milliseconds from `nowMs` (Unix time); undefined if absent or
 * malformed.
 */
export const parseRetryAfterMs = (value: string | undefined, nowMs: number): number | undefined => {
  if (value === undefined) return undefined;
  const trimmed = value.trim();
  if (/^\d{1,10}$/.test(trimmed)) return Number(trimmed) * 1000;
  if (!/^[A-Z][a-z]{2}/.test(trimmed)) return undefined;
  const atMs = Date.parse(trimmed);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
};
