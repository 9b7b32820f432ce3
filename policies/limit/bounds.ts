/** Bounds on the time and the result of a single call. */

import type { BoundsLimitNode } from '../../schema/graph/limit.ts';
import { compileGlobs } from '../glob.ts';

/** The tightest bounds that apply to a call; absent where none does. */
export interface Bounds {
  readonly timeoutMs: number | undefined;
  readonly maxBytes: number | undefined;
}

const UNBOUNDED: Bounds = Object.freeze({ timeoutMs: undefined, maxBytes: undefined });

const smaller = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);

/** The bounds by exposed tool name; undefined for a call that is of no tool. */
export const prepareBounds = (nodes: readonly BoundsLimitNode[]): ((tool: string | undefined) => Bounds) => {
  if (nodes.length === 0) return () => UNBOUNDED;
  const prepared = nodes.map(({ tools, callTimeoutMs, resultBytes }) => ({
    applies: tools === undefined ? undefined : compileGlobs(tools),
    callTimeoutMs,
    resultBytes,
  }));
  return (tool) => {
    let { timeoutMs, maxBytes } = UNBOUNDED;
    for (const { applies, callTimeoutMs, resultBytes } of prepared) {
      if (applies !== undefined && (tool === undefined || !applies(tool))) continue;
      timeoutMs = smaller(timeoutMs, callTimeoutMs);
      maxBytes = smaller(maxBytes, resultBytes);
    }
    return { timeoutMs, maxBytes };
  };
};
