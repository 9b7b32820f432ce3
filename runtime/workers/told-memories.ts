/** Memory on its way to a thread: only what it was not told of before. */
import type { NodeId } from '../../schema/graph/graph.ts';
import type { SharedMemories } from './messages.ts';

/** Plain data for a message. */
export interface ToldMemories {
  /** Of nodes that are new, or count anew. */
  readonly changed: SharedMemories;
  readonly gone: readonly NodeId[];
}

const idsOf = (memories: SharedMemories): readonly NodeId[] => Object.keys(memories) as NodeId[];

/** What a thread that knows of `before` is to be told. */
export const tellMemories = (before: SharedMemories, now: SharedMemories): ToldMemories => ({
  changed: Object.fromEntries(
    idsOf(now)
      .filter((id) => before[id] !== now[id])
      .map((id) => [id, now[id]]),
  ),
  gone: idsOf(before).filter((id) => now[id] === undefined),
});

/** What it knows of then. */
export const hearMemories = (before: SharedMemories, { changed, gone }: ToldMemories): SharedMemories => {
  const isGone = new Set(gone);
  const kept = Object.entries(before).filter(([id]) => !isGone.has(id as NodeId));
  return { ...Object.fromEntries(kept), ...changed };
};
