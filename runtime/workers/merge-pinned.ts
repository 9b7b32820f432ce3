/** What several threads found otherwise than it is locked, as one. */
import type { PinDifference } from '../mcp/pin.ts';

type Pinned = Readonly<Record<string, readonly PinDifference[]>>;

/** What several of them found is told once. */
export const mergePinned = (all: readonly Pinned[]): Pinned => {
  const merged = new Map<string, Map<string, PinDifference>>();
  for (const [name, differences] of all.flatMap((pinned) => Object.entries(pinned))) {
    const known = merged.get(name) ?? new Map<string, PinDifference>();
    merged.set(name, known);
    for (const difference of differences) known.set(JSON.stringify(difference), difference);
  }
  return Object.fromEntries(Array.from(merged, ([name, known]) => [name, [...known.values()]]));
};
