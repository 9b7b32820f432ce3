/** Hashes of a graph with the values of its references, keyed so that they tell nothing of the values. */
import { createHmac, randomBytes } from 'node:crypto';
import type { CompiledGraph, Graph, NodeId } from '../../schema/graph/graph.ts';
import type { ResolvedValue } from './references.ts';

/** Made anew by every process and never stored: a digest cannot be tried against guessed values elsewhere. */
const PROCESS_KEY = randomBytes(32);

export interface EffectiveHashes {
  /** The artifact hash itself where nothing is referenced. Comparable within one process only. */
  readonly effectiveHash: string;
  /** As in the compiled graph, changed for nodes that depend on referenced values. */
  readonly fingerprints: Readonly<Record<NodeId, string>>;
}

const keyedDigest = (hash: string, values: readonly ResolvedValue[]): string => {
  if (values.length === 0) return hash;
  const hmac = createHmac('sha256', PROCESS_KEY).update(hash);
  for (const { field, value } of values) hmac.update(JSON.stringify([field, value]));
  return hmac.digest('hex');
};

const ids = (kind: string, names: readonly string[]): NodeId[] =>
  names.map((name) => `${kind}:${name}` as NodeId);

/** What each node refers to by name, one step. */
const dependencies = (graph: Graph): ReadonlyMap<NodeId, readonly NodeId[]> => {
  const result = new Map<NodeId, readonly NodeId[]>();
  for (const { name, identities } of Object.values(graph.listeners))
    result.set(`listener:${name}`, ids('identity', identities));
  for (const { name, identities, expose, policies, limits } of Object.values(graph.servers)) {
    const upstreams = expose.map(({ upstream }) => upstream);
    result.set(`server:${name}`, [
      ...ids('identity', identities),
      ...ids('upstream', upstreams),
      ...ids('policy', policies),
      ...ids('limit', limits),
    ]);
  }
  return result;
};

/** The hashes of `compiled` once its references have these values; `graph` is the graph with them. */
export const effectiveHashes = (
  compiled: CompiledGraph,
  graph: Graph,
  values: readonly ResolvedValue[],
): EffectiveHashes => {
  if (values.length === 0) return { effectiveHash: compiled.hash, fingerprints: compiled.fingerprints };
  const refersTo = dependencies(graph);
  const byNode = Map.groupBy(values, ({ node }) => node);
  const fingerprints: Record<NodeId, string> = { ...compiled.fingerprints };
  for (const [id, fingerprint] of Object.entries(compiled.fingerprints) as [NodeId, string][]) {
    const closure = new Set<NodeId>([id, ...(refersTo.get(id) ?? [])]);
    fingerprints[id] = keyedDigest(
      fingerprint,
      [...closure].flatMap((node) => byNode.get(node) ?? []),
    );
  }
  return { effectiveHash: keyedDigest(compiled.hash, values), fingerprints };
};
