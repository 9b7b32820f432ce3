/** Hashes of nodes with all that they refer to. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../schema/canonical-json.ts';
import type { CompiledGraph, Graph, NodeId } from '../../schema/graph/graph.ts';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const ids = (kind: string, names: readonly string[]): readonly string[] =>
  names.map((name) => `${kind}:${name}`);

/**
 * A fingerprint for each node. A server's covers its identities, upstreams with what they are pinned to, policies and limits; a listener's its
 * identities. Routes are names only on both sides: what a server becomes does not touch its listener's sockets,
 * nor the other way round.
 */
export const fingerprintNodes = (graph: Graph): CompiledGraph['fingerprints'] => {
  const { listeners, identities, servers, upstreams, pins = {}, policies, limits } = graph;
  const prints: Record<string, string> = {};
  const add = (
    kind: string,
    nodes: Readonly<Record<string, object>>,
    refers: (name: string) => readonly string[],
  ) => {
    for (const [name, node] of Object.entries(nodes)) {
      const parts = refers(name).map((id) => [id, prints[id]]);
      prints[`${kind}:${name}`] = sha256(canonicalJson({ node, refers: Object.fromEntries(parts) }));
    }
  };
  const nothing = () => [];
  add('identity', identities, nothing);
  add('upstream', upstreams, nothing);
  add('pin', pins, nothing);
  add('policy', policies, nothing);
  add('limit', limits, nothing);
  add('listener', listeners, (name) => ids('identity', listeners[name]!.identities));
  add('server', servers, (name) => {
    const server = servers[name]!;
    const exposed = server.expose.map(({ upstream }) => upstream);
    return [
      ...ids('identity', server.identities),
      ...ids('upstream', exposed),
      ...ids(
        'pin',
        exposed.filter((name) => Object.hasOwn(pins, name)),
      ),
      ...ids('policy', server.policies),
      ...ids('limit', server.limits),
    ];
  });
  return prints as Readonly<Record<NodeId, string>>;
};
