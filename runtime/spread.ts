/** Ends of many at moments of their own, so that those who come back do not all come at once. */

/** Few do not need the whole window. */
const PER_END_MS = 20;

/**
 * Calls each within `windowMs`, or within 20 ms for each where that is less: every one in a slot of its own, at a random
 * moment of it. With no window all are called before this returns. Returns when the last is called at the latest.
 */
export const endSpread = (ends: readonly (() => void)[], windowMs: number): number => {
  const slotMs = Math.min(windowMs / Math.max(1, ends.length), PER_END_MS);
  for (const [at, end] of ends.entries())
    if (slotMs <= 0) end();
    else setTimeout(end, (at + Math.random()) * slotMs).unref();
  return Math.max(0, slotMs) * ends.length;
};

/** What is in a set of ends, each called only if it still is in it then. */
export const stillIn = (ends: ReadonlySet<() => void>): (() => void)[] =>
  Array.from(ends, (end) => () => {
    if (ends.has(end)) end();
  });
