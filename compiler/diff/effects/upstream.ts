/** Upstreams: shared by fingerprint, so that one that changed in anything is another one beside the old. */
import { canonicalJson } from '../../../schema/canonical-json.ts';
import type { UpstreamNode } from '../../../schema/graph/upstream.ts';
import type { Effect, EffectsOf } from './effect.ts';

const opens = (node: UpstreamNode): string =>
  node.type === 'stdio'
    ? 'its process is started before the swap; if it cannot be, nothing changes'
    : 'it is connected to by the first call';

const closes = (node: UpstreamNode): string =>
  node.type === 'stdio'
    ? 'its processes are stopped when calls in flight have ended'
    : 'its connections are closed when calls in flight have ended';

const replaced = (old: UpstreamNode, node: UpstreamNode): Effect => {
  const id = `upstream:${node.name}` as const;
  if (node.type === 'stdio' && old.type === 'stdio') {
    return {
      kind: 'processes-replaced',
      node: id,
      impact: 'drains',
      text: 'a new process is started before the swap, and if it cannot be, nothing changes; the old ones are stopped when calls in flight have ended',
    };
  }
  return {
    kind: 'upstream-replaced',
    node: id,
    impact: 'drains',
    text: `new calls use new connections; ${closes(old).replace('its', 'the old')}`,
  };
};

/** Labels and pins are the business of servers, so that what a policy asks or a lock says touches no connection. */
const rulesOnly = (name: string): Effect => ({
  kind: 'upstream-rules',
  node: `upstream:${name}`,
  impact: 'in-place',
  text: 'labels and pins hold from the next request on; its connections stay',
});

export const upstreamEffects: EffectsOf = ({ change, name }, { before, after }) => {
  const [old, node] = [before.graph.upstreams[name], after.graph.upstreams[name]];
  const id = `upstream:${name}` as const;
  if (change === 'added')
    return [{ kind: 'upstream-opens', node: id, impact: 'in-place', text: opens(node!) }];
  if (change === 'removed')
    return [{ kind: 'upstream-closes', node: id, impact: 'drains', text: closes(old!) }];
  if (canonicalJson(old) === canonicalJson(node)) return [rulesOnly(name)];
  const effects = [replaced(old!, node!)];
  if (old!.breaker !== undefined && node!.breaker !== undefined) {
    effects.push({
      kind: 'breaker-reset',
      node: id,
      impact: 'in-place',
      text: 'its breaker begins closed, with nothing counted',
    });
  }
  return effects;
};
