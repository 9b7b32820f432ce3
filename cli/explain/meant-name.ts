/** The exposed name that was probably meant by one that there is not. */
import { nearest } from '../../compiler/diagnostics/nearest.ts';
import type { Offers } from '../../policies/trace/offers.ts';
import type { TracedRequest } from '../../policies/trace/request.ts';
import { listTargets, prepareShares } from '../../policies/trace/target.ts';
import type { Graph } from '../../schema/graph/graph.ts';

/** Of all that the server is known to have; a list names nothing. */
export const meantName = (
  { server, target }: TracedRequest,
  graph: Graph,
  offers: Offers,
): string | undefined => {
  if (target.kind === 'list') return undefined;
  const list = target.kind === 'tool' ? 'tools' : target.kind === 'prompt' ? 'prompts' : 'resources';
  const shares = prepareShares(graph.servers[server]!, graph, offers);
  const name = target.kind === 'resource' ? target.uri : target.name;
  return nearest(name, listTargets(shares, list, []).keys());
};
