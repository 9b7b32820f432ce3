/** Updates of a resource of the server that offers everything, as clients are told of them. */
import type { Peer } from './peer.ts';

export const WATCHED = 'test://watched-resource';
export const UPDATED = 'notifications/resources/updated';
export const TOOLS_CHANGED = 'notifications/tools/list_changed';

/** URIs that a client was told updates of. */
export const toldUpdates = ({ heard }: Peer): readonly string[] =>
  heard.filter(({ method }) => method === UPDATED).map(({ params }) => params.uri);

/**
 * Updates that `peer` is told of, who subscribes to WATCHED for a while in which another resource is updated, too. The
 * changed list that comes last tells that there is no more to be waited for.
 */
export const updatesWhileSubscribed = async (peer: Peer, other: Peer): Promise<readonly string[]> => {
  const update = (uri: string) => other.call('test_trigger_resource_update', { uri });
  await peer.subscribe(WATCHED);
  await update('test://static-text');
  await update(WATCHED);
  await peer.hears(UPDATED);
  await peer.unsubscribe(WATCHED);
  await update(WATCHED);
  await peer.watchLists();
  await other.call('test_trigger_tool_change');
  await peer.hears(TOOLS_CHANGED);
  return toldUpdates(peer);
};
