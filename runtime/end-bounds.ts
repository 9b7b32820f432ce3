/** How long a gateway takes to end. */
import type { ShutdownNode } from '../schema/graph/graph.ts';

/** All counted from the call. */
export interface EndBounds {
  /** Streams end at moments of their own within it; what others have sent half of is waited for. */
  readonly windowMs: number;
  /** Calls in flight are cut. */
  readonly cutMs: number;
  /** Processes are killed; nothing is waited for any more. */
  readonly endMs: number;
  /** No reader of the log is waited for any more. */
  readonly logMs: number;
}

/** What is left before the deadline: half for processes to end, a quarter for the log, a quarter for this process. */
const RESERVE_MS = 1_000;
const RESERVE_SHARE = 0.1;

/** How long a reader of the log that is behind is waited for, once all else is over. */
export const LOG_MS = 1_000;

/** However soon a caller wants it, what can be given back at once is. */
const GIVE_BACK_MS = 2_000;

/** @param wantedMs when calls are to be cut, whatever the configuration says */
export const endBounds = (node: ShutdownNode | undefined, wantedMs: number | undefined): EndBounds => {
  const { windowMs = 0, deadlineMs = GIVE_BACK_MS } = node ?? {};
  if (wantedMs !== undefined) {
    const endMs = Math.max(wantedMs, GIVE_BACK_MS);
    return { windowMs: Math.min(windowMs, wantedMs), cutMs: wantedMs, endMs, logMs: endMs + LOG_MS };
  }
  const reserveMs = Math.min(RESERVE_MS, deadlineMs * RESERVE_SHARE);
  const cutMs = deadlineMs - reserveMs;
  return {
    windowMs: Math.min(windowMs, cutMs),
    cutMs,
    endMs: deadlineMs - reserveMs / 2,
    logMs: deadlineMs - reserveMs / 4,
  };
};

/** A part of the end begins: the same moments, seen from now. */
export const boundsFrom = ({ windowMs, cutMs, endMs, logMs }: EndBounds, passedMs: number): EndBounds => ({
  windowMs,
  cutMs: Math.max(0, cutMs - passedMs),
  endMs: Math.max(0, endMs - passedMs),
  logMs: Math.max(0, logMs - passedMs),
});
