/** Identities, policies and limits: what is decided with, and what is counted. */
import { canonicalJson } from '../../../schema/canonical-json.ts';
import type { LimitNode } from '../../../schema/graph/limit.ts';
import { type Effect, type EffectsOf, namesText } from './effect.ts';

const usersOf = (
  servers: EffectContextServers,
  refers: (server: EffectContextServers[string]) => readonly string[],
  name: string,
): readonly string[] =>
  Object.values(servers)
    .filter((server) => refers(server).includes(name))
    .map((server) => server.name);

type EffectContextServers = Parameters<EffectsOf>[1]['after']['graph']['servers'];

const onServers = (names: readonly string[]): string =>
  names.length === 0 ? 'no server uses it' : `on ${namesText(names)}`;

export const identityEffects: EffectsOf = ({ change, name }, { before, after }) => {
  const node = after.graph.identities[name] ?? before.graph.identities[name]!;
  const servers = usersOf(after.graph.servers, ({ identities }) => identities, name);
  const text = {
    added: `callers are known by it from the next request on (${onServers(servers)})`,
    removed: 'nobody is known by it from the next request on',
    changed:
      node.type === 'jwt' && node.keys.type !== 'local'
        ? 'every token is verified anew from the next request on, with keys that are fetched first'
        : 'every caller is verified anew from the next request on',
  }[change];
  return [{ kind: 'identity-renewed', node: `identity:${name}`, impact: 'in-place', text }];
};

export const policyEffects: EffectsOf = ({ change, name }, { before, after }) => {
  const [old, next] = [before, after].map(({ graph }) =>
    usersOf(graph.servers, ({ policies }) => policies, name),
  ) as [readonly string[], readonly string[]];
  const servers = change === 'removed' ? old : next;
  const text =
    servers.length === 0 ? 'no server uses it' : `decides from the next request on, ${onServers(servers)}`;
  const gone = `decides nothing from the next request on${servers.length === 0 ? '' : `, ${onServers(servers)}`}`;
  return [
    {
      kind: 'policy-swaps',
      node: `policy:${name}`,
      impact: 'in-place',
      text: change === 'removed' ? gone : text,
    },
  ];
};

const isCounted = (old: LimitNode, node: LimitNode): boolean =>
  [old, node].every(({ type }) => type === 'rate' || type === 'quota');

/** As {@link quotaCountId} of the runtime has it. */
const isSameCount = (old: LimitNode, node: LimitNode): boolean =>
  old.type === 'quota' &&
  node.type === 'quota' &&
  old.windowMs === node.windowMs &&
  canonicalJson(old.key) === canonicalJson(node.key);

export const limitEffects: EffectsOf = ({ change, name }, { before, after }) => {
  const [old, node] = [before.graph.limits[name], after.graph.limits[name]];
  const id = `limit:${name}` as const;
  const swaps = (text: string): readonly Effect[] => [
    { kind: 'limit-swaps', node: id, impact: 'in-place', text },
  ];
  if (change === 'removed') return swaps('holds no more from the next request on');
  if (old?.type === 'concurrency' && node?.type === 'concurrency') {
    const isKept = canonicalJson(old.key) === canonicalJson(node.key);
    return swaps(
      isKept
        ? 'holds for calls that come from now on; those under way and waiting still count'
        : 'counts calls that come from now on; those under way and waiting do not count in it',
    );
  }
  if (change === 'added' || !isCounted(old!, node!)) return swaps('holds from the next request on');
  if (isSameCount(old!, node!)) return swaps('holds from the next request on; what was counted still counts');
  return [
    {
      kind: 'limit-counts-reset',
      node: id,
      impact: 'in-place',
      text: `what was counted is forgotten: every caller has its whole ${node!.type === 'quota' ? 'quota' : 'burst'} again`,
    },
  ];
};
