/** What a server shows of its upstreams, as far as it is known without asking them. */
import type { CallFacts } from '../../schema/decision.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { ExposeNode, ServerNode } from '../../schema/graph/server.ts';
import { annotationsOf } from '../annotations.ts';
import { type PreparedLabels, prepareLabels } from '../expose/labels.ts';
import { type PreparedSelection, prepareExpose } from '../expose/selection.ts';
import { promptFacts, resourceFacts, toolFacts } from '../target-facts.ts';
import type { OfferedItem, Offers } from './offers.ts';
import type { TracedList } from './request.ts';
import type { ExposeStep, RulePath, TriedExpose } from './trace.ts';

type Kind = ExposeStep['kind'];

/** One upstream's share in a server, ready to be asked. */
export interface PreparedShare {
  readonly node: ExposeNode;
  readonly path: RulePath;
  readonly labels: PreparedLabels;
  readonly honoured: boolean;
  /** Whether the upstream has nothing but tools. */
  readonly toolsOnly: boolean;
  readonly selections: Readonly<Record<'tools' | 'prompts' | 'resources', PreparedSelection>>;
  /** The first item of each name; undefined where nothing tells what there is. */
  readonly offered: Readonly<Partial<Record<TracedList, ReadonlyMap<string, OfferedItem>>>>;
}

/** What a name was found to be. */
export interface FoundTarget {
  readonly share: PreparedShare;
  readonly upstreamName: string;
  readonly offered: 'yes' | 'assumed';
  readonly definition: OfferedItem['definition'];
}

const LISTS = ['tools', 'prompts', 'resources', 'resourceTemplates'] as const;

export const prepareShares = (server: ServerNode, graph: Graph, offers: Offers): readonly PreparedShare[] =>
  server.expose.map((node, index) => {
    const { tools, prompts, resources } = prepareExpose(node);
    const offer = offers.get(node.upstream) ?? {};
    const offered: Partial<Record<TracedList, ReadonlyMap<string, OfferedItem>>> = {};
    for (const list of LISTS) {
      const items = offer[list];
      if (items !== undefined) offered[list] = new Map(items.map((item) => [item.name, item]));
    }
    return {
      node,
      path: ['servers', server.name, 'expose', index],
      labels: prepareLabels(node),
      honoured: graph.upstreams[node.upstream]!.annotations === 'honour',
      toolsOnly: graph.upstreams[node.upstream]!.type === 'openapi',
      selections: { tools, prompts, resources },
      offered,
    };
  });

const LIST_OF = { tool: 'tools', prompt: 'prompts', resource: 'resources' } as const;

const NOTHING: OfferedItem['definition'] = Object.freeze({});

const lookUp = (
  share: PreparedShare,
  kind: Kind,
  name: string,
): { readonly tried: TriedExpose; readonly found?: FoundTarget } => {
  const { path, node } = share;
  const list = LIST_OF[kind];
  const upstreamName = share.selections[list].resolve(name);
  const tried = { upstream: node.upstream, path };
  if (upstreamName === undefined) return { tried: { ...tried, offered: 'no' } };
  const known = share.offered[list];
  const item = known?.get(upstreamName);
  // That a resource is not listed does not tell that it cannot be read; that there are none does.
  const isOpen = known === undefined || (kind === 'resource' && mayHaveMore(share));
  if (item === undefined && !isOpen) return { tried: { ...tried, upstreamName, offered: 'no' } };
  const offered = item === undefined ? 'assumed' : 'yes';
  return {
    tried: { ...tried, upstreamName, offered },
    found: { share, upstreamName, offered, definition: item?.definition ?? NOTHING },
  };
};

const mayHaveMore = ({ offered }: PreparedShare): boolean =>
  offered.resources === undefined || offered.resources.size > 0 || (offered.resourceTemplates?.size ?? 1) > 0;

/** Whose an exposed name is: the first that offers it, or else the first that may. */
export const findTarget = (
  shares: readonly PreparedShare[],
  kind: Kind,
  name: string,
): { readonly tried: readonly TriedExpose[]; readonly found: FoundTarget | undefined } => {
  const looked = shares.map((share) => lookUp(share, kind, name));
  const all = looked.flatMap(({ found }) => (found === undefined ? [] : [found]));
  return {
    tried: looked.map(({ tried }) => tried),
    found: all.find(({ offered }) => offered === 'yes') ?? all[0],
  };
};

/** The facts of a call with those of its target. */
export const withTarget = (
  facts: CallFacts,
  kind: Kind,
  name: string,
  { share, upstreamName, definition }: FoundTarget,
): CallFacts => {
  const { labels } = share;
  const upstream = { name: share.node.upstream, labels: labels.upstream };
  if (kind === 'tool') {
    const annotations = annotationsOf(definition, share.honoured);
    const tool = { name, upstream: upstream.name, annotations, labels: labels.ofTool(upstreamName) };
    return toolFacts(facts, tool, upstream);
  }
  if (kind === 'prompt') return promptFacts(facts, name, upstream);
  const { mimeType } = definition;
  return resourceFacts(facts, upstreamName, typeof mimeType === 'string' ? mimeType : '', upstream);
};

const KIND_OF = {
  tools: 'tool',
  prompts: 'prompt',
  resources: 'resource',
  resourceTemplates: 'resource',
} as const;

/** Names that the configuration itself spells out: they exist, or allowing them means nothing. */
const speltNames = ({ node, selections }: PreparedShare, list: TracedList): readonly string[] => {
  const key = list === 'resourceTemplates' ? 'resources' : list;
  const { allow, rename } = node[key];
  return [...allow.filter((name) => !name.includes('*')), ...Object.keys(rename)].flatMap(
    (name) => selections[key].expose(name) ?? [],
  );
};

/** Every exposed name that a list may hold, in the order in which it would, with what each was found to be. */
export const listTargets = (
  shares: readonly PreparedShare[],
  list: TracedList,
  names: readonly string[],
): ReadonlyMap<string, FoundTarget> => {
  const found = new Map<string, FoundTarget>();
  const key = list === 'resourceTemplates' ? 'resources' : list;
  for (const share of shares) {
    const known = share.offered[list];
    for (const item of known?.values() ?? []) {
      const name = share.selections[key].expose(item.name);
      if (name === undefined || found.has(name)) continue;
      found.set(name, { share, upstreamName: item.name, offered: 'yes', definition: item.definition });
    }
    if (known !== undefined) continue;
    const spelt = list === 'resourceTemplates' ? [] : speltNames(share, list);
    for (const name of [...spelt, ...names]) {
      const target = found.has(name) ? undefined : lookUp(share, KIND_OF[list], name).found;
      if (target !== undefined) found.set(name, target);
    }
  }
  return found;
};

/** Upstreams of which nothing tells all that they offer of a kind. */
export const unknownShares = (shares: readonly PreparedShare[], list: TracedList): readonly string[] => {
  const key = list === 'resourceTemplates' ? 'resources' : list;
  return shares
    .filter(({ node, offered }) => offered[list] === undefined && node[key].allow.length > 0)
    .filter(({ node }) => node[key].allow.some((name) => name.includes('*')))
    .map(({ node }) => node.upstream);
};
