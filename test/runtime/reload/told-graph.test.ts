import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GraphHearer,
  GraphTeller,
  type PrintedGraph,
  type ToldGraph,
  transferOf,
} from '../../../runtime/reload/told-graph.ts';
import { TurnTaking } from '../../../runtime/reload/turn-taking.ts';

type Nodes = Readonly<Record<string, { readonly name: string; readonly value: unknown }>>;

/** Only what is looked at: sections of nodes, and something that is no node. */
const printed = (upstreams: Nodes, policies: Nodes | undefined, name: string, salt = ''): PrintedGraph => {
  const prints = (kind: string, nodes: Nodes = {}) =>
    Object.entries(nodes).map(([key, node]) => [`${kind}:${key}`, salt + JSON.stringify(node)]);
  const graph = { name, upstreams, ...(policies && { pins: policies }) };
  const fingerprints = Object.fromEntries([...prints('upstream', upstreams), ...prints('pin', policies)]);
  return { graph, fingerprints } as unknown as PrintedGraph;
};

const nodes = (values: Readonly<Record<string, unknown>>): Nodes =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { name, value }]));

/** As it arrives in a thread. */
const pass = (told: ToldGraph): ToldGraph => structuredClone(told, { transfer: [...transferOf(told)] });

/** Nodes that are told whole. */
const told = ({ bytes }: ToldGraph): number =>
  new TextDecoder()
    .decode(bytes)
    .split('\n')
    .slice(0, -1)
    .filter((line) => JSON.parse(line).at(-1) !== null).length;

const anyNodes = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'constructor', '__proto__'), fc.jsonValue({ maxDepth: 2 }))
  .map(nodes);

describe('a graph that is told to a thread', () => {
  it('is what the thread hears, whatever was told before', async () => {
    const graphs = fc.array(
      fc.record({ upstreams: anyNodes, pins: fc.option(anyNodes, { nil: undefined }), name: fc.string() }),
      { minLength: 1, maxLength: 6 },
    );
    const check = fc.asyncProperty(graphs, async (sequence) => {
      const teller = new GraphTeller();
      const hearer = new GraphHearer();
      for (const [at, { upstreams, pins, name }] of sequence.entries()) {
        const loaded = printed(upstreams, pins, name, String(at % 2));
        const heard = await hearer.hear(pass(teller.tell(loaded)), new TurnTaking());
        expect(JSON.stringify(heard.graph.upstreams)).toBe(JSON.stringify(loaded.graph.upstreams));
        expect(JSON.stringify(heard.graph.pins)).toBe(JSON.stringify(loaded.graph.pins));
        expect(heard.graph.name).toBe(name);
        expect(Object.entries(heard.fingerprints)).toEqual(Object.entries(loaded.fingerprints));
      }
    });
    await fc.assert(check, { numRuns: 200 });
  });

  it('is told only in what differs, and the thread keeps the nodes that it has', async () => {
    const teller = new GraphTeller();
    const hearer = new GraphHearer();
    const hear = (loaded: PrintedGraph) => hearer.hear(pass(teller.tell(loaded)), new TurnTaking());
    const first = await hear(printed(nodes({ a: 1, b: 2, c: 3 }), undefined, 'one'));
    const second = printed(nodes({ c: 3, a: 1, b: 4 }), undefined, 'two');
    expect(told(new GraphTeller().tell(second))).toBe(3);
    const message = pass(teller.tell(second));
    expect(told(message)).toBe(1);
    const then = await hearer.hear(message, new TurnTaking());
    expect(Object.keys(then.graph.upstreams)).toEqual(['c', 'a', 'b']);
    expect(then.graph.upstreams.a).toBe(first.graph.upstreams.a);
    expect(then.graph.upstreams.b).not.toBe(first.graph.upstreams.b);
  });

  it('is told of a node whose fingerprint alone is another, because of what it refers to', async () => {
    const teller = new GraphTeller();
    const hearer = new GraphHearer();
    const upstreams = nodes({ a: 1 });
    await hearer.hear(pass(teller.tell(printed(upstreams, undefined, 'one', 'x'))), new TurnTaking());
    const loaded = printed(upstreams, undefined, 'one', 'y');
    const heard = await hearer.hear(pass(teller.tell(loaded)), new TurnTaking());
    expect(heard.fingerprints).toEqual(loaded.fingerprints);
  });
});
