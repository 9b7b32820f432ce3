/** Hashes of a graph with the values of its references, keyed so that they tell nothing of the values. */
import { createHmac, randomBytes } from 'node:crypto';
import type { CompiledGraph, Graph, NodeId } from '../../schema/graph/graph.ts';
import type { ResolvedValue } from './references.ts';
import { TurnTaking } from './turn-taking.ts';

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
const dependencies = async (
  graph: Graph,
  turns: TurnTaking,
): Promise<ReadonlyMap<NodeId, readonly NodeId[]>> => {
  const result = new Map<NodeId, readonly NodeId[]>();
  for (const { name, identities } of Object.values(graph.listeners))
    result.set(`listener:${name}`, ids('identity', identities));
  for (const { name, identities, expose, policies, limits } of Object.values(graph.servers)) {
    await turns.next();
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

/** What was read of each node. */
const valuesByNode = async (
  values: readonly ResolvedValue[],
  turns: TurnTaking,
): Promise<ReadonlyMap<NodeId, readonly ResolvedValue[]>> => {
  const result = new Map<NodeId, ResolvedValue[]>();
  for (const value of values) {
    await turns.next();
    if (value.node === undefined) continue;
    const known = result.get(value.node);
    if (known === undefined) result.set(value.node, [value]);
    else known.push(value);
  }
  return result;
};

/** As {@link keyedDigest} of many values. */
const digestOfAll = async (
  hash: string,
  values: readonly ResolvedValue[],
  turns: TurnTaking,
): Promise<string> => {
  const hmac = createHmac('sha256', PROCESS_KEY).update(hash);
  for (const { field, value } of values) {
    await turns.next();
    hmac.update(JSON.stringify([field, value]));
  }
  return hmac.digest('hex');
};

/** The hashes of `compiled` once its references have these values; `graph` is the graph with them. In small steps. */
export const effectiveHashes = async (
  compiled: CompiledGraph,
  graph: Graph,
  values: readonly ResolvedValue[],
): Promise<EffectiveHashes> => {
  if (values.length === 0) return { effectiveHash: compiled.hash, fingerprints: compiled.fingerprints };
  const turns = new TurnTaking();
  const refersTo = await dependencies(graph, turns);
  const byNode = await valuesByNode(values, turns);
  const fingerprints: Record<NodeId, string> = {};
  for (const id in compiled.fingerprints) {
    await turns.next();
    const node = id as NodeId;
    const closure = new Set<NodeId>([node, ...(refersTo.get(node) ?? [])]);
    const read = [...closure].flatMap((each) => byNode.get(each) ?? []);
    fingerprints[node] = keyedDigest(compiled.fingerprints[node]!, read);
  }
  return { effectiveHash: await digestOfAll(compiled.hash, values, turns), fingerprints };
};
