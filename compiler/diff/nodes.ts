/** What differs between two graphs, node by node. */

import { canonicalJson } from '../../schema/canonical-json.ts';
import type { NamedSection } from '../../schema/config/value.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { Path } from '../source/tree.ts';
import { diffEntries, type FieldChange } from './fields.ts';
import { writeIdentity, writeLimit, writePolicy, writeUpstream } from './write/entries.ts';
import { upstreamLabels } from './write/labels.ts';
import { writeListener } from './write/listener.ts';
import { SECTION_NAMES, type SectionName, writeSections } from './write/sections.ts';
import { transportsOf, writeServer } from './write/server.ts';
import type { WrittenMap } from './written.ts';

/** What an entry of a section is called, one of it. */
export type NodeKind = 'listener' | 'identity' | 'server' | 'upstream' | 'policy' | 'limit' | 'section';

export interface NodeChange {
  readonly kind: NodeKind;
  /** The entry's name, or the section's. */
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Where its fields stand in a configuration. */
  readonly path: Path;
  /** All of it where it is new or gone. */
  readonly fields: readonly FieldChange[];
}

/** The entries of one section in one graph. */
interface Entries {
  readonly nodes: Readonly<Record<string, object>>;
  readonly write: (name: string) => WrittenMap;
  /** What the graph says of an entry elsewhere than in its node. */
  readonly besides?: (name: string) => unknown;
}

interface Family {
  readonly kind: NodeKind;
  readonly section: NamedSection;
  readonly entriesOf: (graph: Graph) => Entries;
}

/** In the order of a call. */
const FAMILIES: readonly Family[] = [
  {
    kind: 'listener',
    section: 'listeners',
    entriesOf: ({ listeners }) => ({
      nodes: listeners,
      write: (name) => writeListener(listeners[name]!),
    }),
  },
  {
    kind: 'identity',
    section: 'identity',
    entriesOf: ({ identities }) => ({
      nodes: identities,
      write: (name) => writeIdentity(identities[name]!),
    }),
  },
  {
    kind: 'server',
    section: 'servers',
    entriesOf: (graph) => ({
      nodes: graph.servers,
      write: (name) => writeServer(graph.servers[name]!, graph),
      besides: (name) => transportsOf(graph.servers[name]!, graph),
    }),
  },
  {
    kind: 'upstream',
    section: 'upstreams',
    entriesOf: (graph) => {
      const labels = upstreamLabels(graph);
      const besides = (name: string) => ({ labels: labels.get(name), pin: graph.pins?.[name] });
      return {
        nodes: graph.upstreams,
        write: (name) => writeUpstream(graph.upstreams[name]!, besides(name)),
        besides,
      };
    },
  },
  {
    kind: 'policy',
    section: 'policies',
    entriesOf: ({ policies }) => ({ nodes: policies, write: (name) => writePolicy(policies[name]!) }),
  },
  {
    kind: 'limit',
    section: 'limits',
    entriesOf: ({ limits }) => ({ nodes: limits, write: (name) => writeLimit(limits[name]!) }),
  },
];

const isEqual = (a: unknown, b: unknown): boolean => a === b || canonicalJson(a) === canonicalJson(b);

const sortedNames = (...records: readonly Readonly<Record<string, unknown>>[]): readonly string[] =>
  [...new Set(records.flatMap(Object.keys))].sort();

const familyChanges = (family: Family, before: Graph, after: Graph): readonly NodeChange[] => {
  const { kind, section, entriesOf } = family;
  const [old, next] = [entriesOf(before), entriesOf(after)];
  const isSame = (name: string): boolean =>
    isEqual(old.nodes[name], next.nodes[name]) &&
    isEqual(old.besides?.(name) ?? {}, next.besides?.(name) ?? {});
  return sortedNames(old.nodes, next.nodes).flatMap((name): readonly NodeChange[] => {
    const has = { before: Object.hasOwn(old.nodes, name), after: Object.hasOwn(next.nodes, name) };
    if (has.before && has.after && isSame(name)) return [];
    const fields = diffEntries(
      has.before ? old.write(name) : undefined,
      has.after ? next.write(name) : undefined,
    );
    if (fields.length === 0) return [];
    const change = !has.before ? 'added' : has.after ? 'changed' : 'removed';
    return [{ kind, name, change, path: [section, name], fields }];
  });
};

const sectionChanges = (before: Graph, after: Graph): readonly NodeChange[] => {
  const [old, next] = [writeSections(before), writeSections(after)];
  return SECTION_NAMES.flatMap((name: SectionName): readonly NodeChange[] => {
    const fields = diffEntries(old[name], next[name]);
    if (fields.length === 0) return [];
    return [{ kind: 'section', name, change: 'changed', path: name === 'gateway' ? [] : [name], fields }];
  });
};

/** Nodes that were added, removed or changed, in the order of a call and then by name. Nothing is text: what means the same is the same. */
export const diffNodes = (before: Graph, after: Graph): readonly NodeChange[] => [
  ...FAMILIES.flatMap((family) => familyChanges(family, before, after)),
  ...sectionChanges(before, after),
];
