/**
 * A graph on its way to another thread: only what differs from what the thread was told before, as text, node by node.
 * Whoever hears it is busy for moments only, whatever the size of the graph, and keeps the nodes that it has.
 */
import type { Graph, NodeId } from '../../schema/graph/graph.ts';
import type { LoadedGraph } from './reloader.ts';
import type { TurnTaking } from './turn-taking.ts';

/** A graph and what its nodes are told apart by. */
export type PrintedGraph = Pick<LoadedGraph, 'graph' | 'fingerprints'>;

/** The nodes of one section, in their order. */
interface ToldNodes {
  readonly section: NodeSection;
  readonly names: readonly string[];
  /** JSON; undefined for a node that is as it was told before. */
  readonly texts: readonly (string | undefined)[];
  /** Fingerprints; undefined for one that is as it was told before. */
  readonly prints: readonly (string | undefined)[];
}

/** Plain data for a message. */
export interface ToldGraph {
  readonly nodes: readonly ToldNodes[];
  /** JSON of what is no node. */
  readonly rest: string;
}

/** Sections whose entries are nodes, with the kind that their ids begin with. */
const KINDS = {
  listeners: 'listener',
  identities: 'identity',
  servers: 'server',
  upstreams: 'upstream',
  pins: 'pin',
  policies: 'policy',
  limits: 'limit',
} as const satisfies Partial<Record<keyof Graph, string>>;

type NodeSection = keyof typeof KINDS;

const SECTIONS = Object.keys(KINDS) as NodeSection[];

/** Nodes never change, and several threads are told the same. */
const texts = new WeakMap<object, string>();

const textOf = (node: object): string => {
  let text = texts.get(node);
  if (text === undefined) {
    text = JSON.stringify(node);
    texts.set(node, text);
  }
  return text;
};

const isSame = (before: object | undefined, node: object): boolean =>
  before === node || (before !== undefined && textOf(before) === textOf(node));

const idOf = (section: NodeSection, name: string): NodeId => `${KINDS[section]}:${name}`;

/** Tells one thread graph after graph: each is to be heard by the same {@link GraphHearer}, in this order. */
export class GraphTeller {
  #before: PrintedGraph | undefined;

  tell(loaded: PrintedGraph): ToldGraph {
    const nodes = SECTIONS.flatMap((section) => this.#section(section, loaded));
    const rest = Object.entries(loaded.graph).filter(([key]) => !Object.hasOwn(KINDS, key));
    this.#before = { graph: loaded.graph, fingerprints: loaded.fingerprints };
    return { nodes, rest: JSON.stringify(Object.fromEntries(rest)) };
  }

  #section(section: NodeSection, { graph, fingerprints }: PrintedGraph): readonly ToldNodes[] {
    const now: Readonly<Record<string, object>> | undefined = graph[section];
    if (now === undefined) return [];
    const before: Readonly<Record<string, object>> = this.#before?.graph[section] ?? {};
    const names = Object.keys(now);
    const known = names.map((name) => (Object.hasOwn(before, name) ? before[name] : undefined));
    return [
      {
        section,
        names,
        texts: names.map((name, at) => (isSame(known[at], now[name]!) ? undefined : textOf(now[name]!))),
        prints: names.map((name, at) => {
          const id = idOf(section, name);
          const isKnown = known[at] !== undefined && this.#before?.fingerprints[id] === fingerprints[id];
          return isKnown ? undefined : fingerprints[id];
        }),
      },
    ];
  }
}

/** Hears what one {@link GraphTeller} tells. */
export class GraphHearer {
  #before: PrintedGraph | undefined;

  /** The graph that was told. Others get their turn between its nodes. */
  async hear(told: ToldGraph, turns: TurnTaking): Promise<PrintedGraph> {
    const before = this.#before;
    const fingerprints: [NodeId, string][] = [];
    const sections: [NodeSection, Readonly<Record<string, object>>][] = [];
    for (const { section, names, texts, prints } of told.nodes) {
      const known: Readonly<Record<string, object>> = before?.graph[section] ?? {};
      const nodes: [string, object][] = [];
      for (const [at, name] of names.entries()) {
        await turns.next();
        const text = texts[at];
        const id = idOf(section, name);
        nodes.push([name, text === undefined ? known[name]! : JSON.parse(text)]);
        fingerprints.push([id, prints[at] ?? before?.fingerprints[id] ?? '']);
      }
      sections.push([section, Object.fromEntries(nodes)]);
    }
    const graph = { ...JSON.parse(told.rest), ...Object.fromEntries(sections) } as Graph;
    this.#before = { graph, fingerprints: Object.fromEntries(fingerprints) };
    return this.#before;
  }
}
