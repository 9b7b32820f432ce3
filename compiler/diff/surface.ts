/** What callers of a server gain and lose: the names that `expose` selects, as far as they are known without asking. */
import { prepareExpose } from '../../policies/expose/selection.ts';
import type { CompiledGraph, Graph } from '../../schema/graph/graph.ts';
import type { ExposeNode, Selection, ServerNode } from '../../schema/graph/server.ts';

/** What an upstream has, by its own names, with something that changes when the definition does. */
export interface Offer {
  readonly tools: ReadonlyMap<string, string>;
  readonly prompts: ReadonlyMap<string, string>;
}

/** What is known of the upstreams of one side, from its lock file. */
export type Offers = (upstream: string) => Offer | undefined;

const SURFACES = ['tools', 'prompts', 'resources', 'extensions'] as const;

type Surface = (typeof SURFACES)[number];

export interface SurfaceChange {
  readonly server: string;
  readonly upstream: string;
  readonly surface: Surface;
  /** Whether these are the very names; otherwise they are the patterns that select them. */
  readonly exact: boolean;
  readonly gained: readonly string[];
  readonly lost: readonly string[];
  /** Of names on both sides whose definition is another one. */
  readonly redefined: readonly string[];
  /** Whether clients that are connected learn of it: those of a server that is there before and after. */
  readonly told: boolean;
}

/** Exposed names or patterns, with something that changes when the definition does. */
interface Shown {
  readonly exact: boolean;
  readonly items: ReadonlyMap<string, string>;
}

const NOTHING: Shown = { exact: true, items: new Map() };

/** What the graph itself knows: operations of a document, and what an upstream is pinned to. */
const ownOffer = ({ upstreams, pins }: Graph, name: string): Offer | undefined => {
  const node = upstreams[name];
  const pin = pins?.[name];
  if (pin !== undefined) {
    const of = (kind: 'tools' | 'prompts') =>
      new Map(pin[kind].map((each) => [each.name, each.sha256] as const));
    return { tools: of('tools'), prompts: of('prompts') };
  }
  if (node?.type !== 'openapi') return undefined;
  return { tools: new Map(node.operations.map((each) => [each.name, each.tool])), prompts: new Map() };
};

const patternsOf = ({ allow, rename }: Selection, prefix: string): Shown => {
  const named = allow.filter((pattern) => !Object.hasOwn(rename, pattern)).map((pattern) => prefix + pattern);
  const renamed = Object.entries(rename).map(([name, final]) => `${final} (${name})`);
  return {
    exact: allow.length === 0,
    items: new Map([...named, ...(allow.length === 0 ? [] : renamed)].map((each) => [each, ''])),
  };
};

const namesOf = (expose: ExposeNode, surface: 'tools' | 'prompts', offer: Offer): Shown => {
  const selection = prepareExpose(expose)[surface];
  const items = new Map<string, string>();
  for (const [name, definition] of offer[surface]) {
    const exposed = selection.expose(name);
    if (exposed !== undefined) items.set(exposed, definition);
  }
  return { exact: true, items };
};

const shownOf = (
  server: ServerNode | undefined,
  upstream: string,
  surface: Surface,
  offer: Offer | undefined,
): Shown => {
  const expose = server?.expose.find((each) => each.upstream === upstream);
  if (server === undefined || expose === undefined) return NOTHING;
  if (surface === 'extensions')
    return {
      exact: true,
      items: new Map(
        Object.values(expose.extensions)
          .flat()
          .map((each) => [each, '']),
      ),
    };
  if (!server.features[surface]) return NOTHING;
  if (surface === 'resources') return patternsOf(expose.resources, '');
  return offer === undefined ? patternsOf(expose[surface], expose.prefix) : namesOf(expose, surface, offer);
};

const compare = (before: Shown, after: Shown) => ({
  exact: before.exact && after.exact,
  gained: [...after.items.keys()].filter((name) => !before.items.has(name)).sort(),
  lost: [...before.items.keys()].filter((name) => !after.items.has(name)).sort(),
  redefined: [...after.items]
    .filter(([name, definition]) => before.items.has(name) && before.items.get(name) !== definition)
    .map(([name]) => name)
    .sort(),
});

interface Side {
  readonly compiled: CompiledGraph;
  readonly offers: Offers;
}

/** Both sides by the same knowledge: names against patterns would tell of changes that are none. */
const offersOf = (upstream: string, before: Side, after: Side): readonly (Offer | undefined)[] => {
  const [old, next] = [before, after].map(
    ({ compiled, offers }) => ownOffer(compiled.graph, upstream) ?? offers(upstream),
  );
  return (old && next) ||
    [before, after].some(({ compiled }) => compiled.graph.upstreams[upstream] === undefined)
    ? [old, next]
    : [];
};

const serverSurfaces = (name: string, before: Side, after: Side): readonly SurfaceChange[] => {
  const [old, next] = [before, after].map(({ compiled }) => compiled.graph.servers[name]);
  const exposes = [...(next?.expose ?? []), ...(old?.expose ?? [])];
  const upstreams = new Set(exposes.map(({ upstream }) => upstream));
  return [...upstreams].flatMap((upstream) => {
    const [oldOffer, newOffer] = offersOf(upstream, before, after);
    return SURFACES.map((surface) => ({
      server: name,
      upstream,
      surface,
      ...compare(shownOf(old, upstream, surface, oldOffer), shownOf(next, upstream, surface, newOffer)),
      told: old !== undefined && next !== undefined,
    })).filter(({ gained, lost, redefined }) => gained.length + lost.length + redefined.length > 0);
  });
};

/** By server, and in the order of `expose`. Policies are not asked: what they hide is their own change. */
export const surfaceChanges = (before: Side, after: Side): readonly SurfaceChange[] => {
  const names = [before, after].flatMap(({ compiled }) => Object.keys(compiled.graph.servers));
  return [...new Set(names)].sort().flatMap((name) => serverSurfaces(name, before, after));
};
