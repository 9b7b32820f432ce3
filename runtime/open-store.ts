/** Opens the store that a graph's gateways share. */
import type { Graph } from '../schema/graph/graph.ts';
import type { ServingOptions } from './serving-options.ts';
import type { StateStore } from './state/state-store.ts';

/** Whether anything is served but operations. */
export const hasTraffic = ({ servers }: Graph): boolean => Object.keys(servers).length > 0;

/** Undefined where the graph names none. */
export const openStore = async (
  graph: Graph,
  { log, metrics }: Pick<ServingOptions, 'log' | 'metrics'>,
): Promise<StateStore | undefined> => {
  if (graph.state === undefined) return undefined;
  // Beside threads that serve, the store is theirs to tell of.
  const onUp = hasTraffic(graph) ? (isUp: boolean) => metrics.stateUp(isUp) : () => undefined;
  // Its library takes memory and time that whoever shares nothing need not spend.
  const { openValkey } = await import('./state/valkey.ts');
  return await openValkey(graph.state, { log, onUp });
};
