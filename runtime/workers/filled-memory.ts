/** What threads count or see for a limit, as the process sees it that shares the memory and counts nothing itself. */
import type { NodeId } from '../../schema/graph/graph.ts';
import type { Filled, KeyedLimitNode } from '../traffic/fill.ts';
import { Places } from '../traffic/places.ts';
import { Quota } from '../traffic/quota.ts';
import { SeenKeys, seenKeysId } from '../traffic/seen-keys.ts';
import { createSharedRateLimiter } from '../traffic/shared-rate.ts';
import type { SharedMemories } from './messages.ts';

/** To locks, which it never takes. */
const NOBODY = 0;

/** Undefined where the memory has nothing of the limit. */
export const filledMemory = (node: KeyedLimitNode, memories: SharedMemories): Filled | undefined => {
  const seen = memories[seenKeysId(node.name)];
  if (seen !== undefined) return new SeenKeys(seen, NOBODY);
  const id: NodeId = `limit:${node.name}`;
  const memory = memories[id];
  if (memory === undefined) return undefined;
  switch (node.type) {
    case 'rate':
      return createSharedRateLimiter(node, memory, NOBODY);
    case 'quota':
      return new Quota(node.windowMs, memory, NOBODY);
    case 'concurrency':
      return new Places(memory, NOBODY);
  }
};
