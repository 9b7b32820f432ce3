/** Bounds on the time and the result of a single call. */

import type { BoundsLimitNode } from '../../schema/graph/limit.ts';
import { compileGlobs } from '../glob.ts';

/** The tightest bounds that apply to a call; absent where none does. */
export interface Bounds {
  /** Without progress. */
  readonly timeoutMs: number | undefined;
  /** With it. */
  readonly maxTimeoutMs: number | undefined;
  readonly maxBytes: number | undefined;
}

const UNBOUNDED: Bounds = Object.freeze({
  timeoutMs: undefined,
  maxTimeoutMs: undefined,
  maxBytes: undefined,
});

const smaller = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);

/** The bounds by exposed tool name; undefined for a call that is of no tool. */
export const prepareBounds = (nodes: readonly BoundsLimitNode[]): ((tool: string | undefined) => Bounds) => {
  if (nodes.length === 0) return () => UNBOUNDED;
  const prepared = nodes.map(({ tools, callTimeoutMs, callMaxMs = callTimeoutMs, resultBytes }) => ({
    applies: tools === undefined ? undefined : compileGlobs(tools),
    callTimeoutMs,
    callMaxMs,
    resultBytes,
  }));
  return (tool) => {
    let { timeoutMs, maxTimeoutMs, maxBytes } = UNBOUNDED;
    for (const { applies, callTimeoutMs, callMaxMs, resultBytes } of prepared) {
      if (applies !== undefined && (tool === undefined || !applies(tool))) continue;
      timeoutMs = smaller(timeoutMs, callTimeoutMs);
      maxTimeoutMs = smaller(maxTimeoutMs, callMaxMs);
      maxBytes = smaller(maxBytes, resultBytes);
    }
    return { timeoutMs, maxTimeoutMs, maxBytes };
  };
};
