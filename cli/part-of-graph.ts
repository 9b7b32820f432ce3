/** A graph with some of its nodes and nothing else, so that no reference is asked for but theirs. */
import type { Graph } from '../schema/graph/graph.ts';

export const partOf = (
  { state: _, pressure: __, ...rest }: Graph,
  part: Partial<Pick<Graph, 'identities' | 'upstreams'>>,
): Graph => ({
  ...rest,
  listeners: {},
  identities: {},
  servers: {},
  upstreams: {},
  policies: {},
  limits: {},
  sealing: { keys: [] },
  ...part,
});
