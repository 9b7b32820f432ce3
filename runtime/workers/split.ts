/** The parts of a graph: what the process serves itself, and what its threads do. */
import type { ListenerNode } from '../../schema/graph/listener.ts';
import type { LoadedGraph } from '../reload/reloader.ts';

const withListeners = (
  loaded: LoadedGraph,
  isIn: (node: ListenerNode) => boolean,
  rest: Partial<LoadedGraph['graph']>,
): LoadedGraph => {
  const { graph } = loaded;
  const listeners = Object.entries(graph.listeners).filter(([, node]) => isIn(node));
  return { ...loaded, graph: Object.freeze({ ...graph, listeners: Object.fromEntries(listeners), ...rest }) };
};

/** Listeners of operations, and who may use them. */
export const operationsOf = (loaded: LoadedGraph): LoadedGraph =>
  withListeners(loaded, ({ serve }) => serve.length > 0, {
    servers: {},
    upstreams: {},
    pins: {},
    policies: {},
    limits: {},
  });

/** Everything else. */
export const trafficOf = (loaded: LoadedGraph): LoadedGraph =>
  withListeners(loaded, ({ serve }) => serve.length === 0, {});
