/**
 * A graph on its way to another thread: only what differs from what the thread was told before, as text, node by node.
 * Whoever hears it is busy for moments only, whatever the size of the graph, and keeps the nodes that it has.
 */
import { parseExactly } from '../../schema/escaped-keys.ts';
import type { Graph, NodeId } from '../../schema/graph/graph.ts';
import type { LoadedGraph } from './reloader.ts';
import type { TurnTaking } from './turn-taking.ts';

/** A graph and what its nodes are told apart by. */
export type PrintedGraph = Pick<LoadedGraph, 'graph' | 'fingerprints'>;

/** Plain data for a message, whose bytes are handed over: {@link transferOf}. */
export interface ToldGraph {
  /** JSON, a line for each node, in their order: {@link ToldNode}. The last line is an object of what is no node. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Null stands for what is as it was told before. */
type ToldNode = readonly [
  section: NodeSection,
  name: string,
  fingerprint: string | null,
  node: object | null,
];

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

/** What a message of a graph hands over instead of copying it. */
export const transferOf = ({ bytes }: ToldGraph): readonly ArrayBuffer[] => [bytes.buffer];

const isSame = (before: object | undefined, node: object): boolean =>
  before === node || (before !== undefined && textOf(before) === textOf(node));

const idOf = (section: NodeSection, name: string): NodeId => `${KINDS[section]}:${name}`;

const NEWLINE = 0x0a;

/** Tells one thread graph after graph: each is to be heard by the same {@link GraphHearer}, in this order. */
export class GraphTeller {
  #before: PrintedGraph | undefined;

  tell(loaded: PrintedGraph): ToldGraph {
    const lines: string[] = [];
    for (const section of SECTIONS) {
      const nodes: Readonly<Record<string, object>> = loaded.graph[section] ?? {};
      for (const [name, node] of Object.entries(nodes)) lines.push(this.#line(section, name, node, loaded));
    }
    // Sections that are there and empty are not the same as none.
    const rest = Object.entries(loaded.graph).map(([key, value]) => [
      key,
      Object.hasOwn(KINDS, key) ? {} : value,
    ]);
    lines.push(JSON.stringify(Object.fromEntries(rest)));
    this.#before = { graph: loaded.graph, fingerprints: loaded.fingerprints };
    return { bytes: new TextEncoder().encode(lines.join('\n')) };
  }

  #line(section: NodeSection, name: string, node: object, { fingerprints }: PrintedGraph): string {
    const nodes: Readonly<Record<string, object>> = this.#before?.graph[section] ?? {};
    const known = Object.hasOwn(nodes, name) ? nodes[name] : undefined;
    const id = idOf(section, name);
    const print =
      known !== undefined && this.#before?.fingerprints[id] === fingerprints[id]
        ? undefined
        : fingerprints[id];
    const head = JSON.stringify([section, name, print ?? null]);
    return `${head.slice(0, -1)},${isSame(known, node) ? 'null' : textOf(node)}]`;
  }
}

/** Hears what one {@link GraphTeller} tells. */
export class GraphHearer {
  #before: PrintedGraph | undefined;

  /** The graph that was told. Others get their turn between its nodes. */
  async hear({ bytes }: ToldGraph, turns: TurnTaking): Promise<PrintedGraph> {
    const before = this.#before;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const sections = new Map<NodeSection, [string, object][]>();
    const fingerprints: Record<NodeId, string> = {};
    let from = 0;
    for (let end = buffer.indexOf(NEWLINE); end >= 0; end = buffer.indexOf(NEWLINE, from)) {
      await turns.next();
      const [section, name, print, node] = parseExactly(buffer.toString('utf8', from, end)) as ToldNode;
      from = end + 1;
      const id = idOf(section, name);
      const known: Readonly<Record<string, object>> | undefined = before?.graph[section];
      const nodes = sections.getOrInsertComputed(section, () => []);
      nodes.push([name, node ?? known![name]!]);
      fingerprints[id] = print ?? before?.fingerprints[id] ?? '';
    }
    const graph = parseExactly(buffer.toString('utf8', from)) as Record<string, unknown>;
    for (const [section, nodes] of sections) {
      await turns.next();
      graph[section] = Object.fromEntries(nodes);
    }
    this.#before = { graph: graph as unknown as Graph, fingerprints };
    return this.#before;
  }
}
