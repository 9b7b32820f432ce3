/** What is known of what upstreams offer, without asking them: by their documents, by what was approved of, by a test. */
import { parseExactly } from '../../schema/escaped-keys.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { UpstreamNode } from '../../schema/graph/upstream.ts';
import type { Lock } from '../../schema/lock/lock.ts';
import type { TracedList } from './request.ts';

/** Something that an upstream offers, under its own name or URI. */
export interface OfferedItem {
  readonly name: string;
  readonly definition: Readonly<Record<string, unknown>>;
}

/** Lists that are absent are not known. */
export type Offer = Readonly<Partial<Record<TracedList, readonly OfferedItem[]>>>;

/** By name of the upstream. */
export type Offers = ReadonlyMap<string, Offer>;

/** An API has tools and nothing else. */
const openApiOffer = (node: Extract<UpstreamNode, { type: 'openapi' }>): Offer => ({
  tools: node.operations.map(({ name, tool }) => ({
    name,
    definition: parseExactly(tool) as OfferedItem['definition'],
  })),
  prompts: [],
  resources: [],
  resourceTemplates: [],
});

/** What the graph and a lock tell; `given` counts before both. A lock says nothing of single resources. */
export const offersOf = (
  { upstreams }: Pick<Graph, 'upstreams'>,
  lock: Lock | undefined,
  given: Offers = new Map(),
): Offers =>
  new Map(
    Object.values(upstreams).map((node) => {
      const locked = lock?.upstreams[node.name];
      const told: Offer = node.type === 'openapi' ? openApiOffer(node) : (locked ?? {});
      return [node.name, { ...told, ...given.get(node.name) }] as const;
    }),
  );
