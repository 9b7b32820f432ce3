/** Which changes an upstream can tell of, under the ceiling of features and exposure. */
import type { Features } from '../../../schema/graph/server.ts';
import { type Filter, FLAGS } from '../modern/subscription-filter.ts';
import type { Part } from '../part.ts';

/** Whether an upstream says that it tells of changes of this kind of list, and the server shows any of the kind. */
const offersChanges = (part: Part, kind: (typeof FLAGS)[number][1], features: Features): boolean => {
  const offered = part.connected?.link.peer.capabilities[kind] as { listChanged?: unknown } | undefined;
  return offered?.listChanged === true && features[kind] && part.exposure.node[kind].allow.length > 0;
};

/** The lists whose changes a connected upstream tells of. */
export const offeredFlags = (part: Part, features: Features): Filter => {
  const offered: Filter = {};
  for (const [flag, kind] of FLAGS) if (offersChanges(part, kind, features)) offered[flag] = true;
  return offered;
};
