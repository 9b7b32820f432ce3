/** What differs between two graphs, node by node. */

import { canonicalJson } from '../../schema/canonical-json.ts';
import type { NamedSection } from '../../schema/config/value.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { Path } from '../source/tree.ts';
import { diffEntries, type FieldChange } from './fields.ts';
import { writeIdentity, writeLimit, writePolicy, writeUpstream } from './write/entries.ts';
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

interface Family {
  readonly kind: NodeKind;
  readonly section: NamedSection;
  readonly nodesOf: (graph: Graph) => Readonly<Record<string, object>>;
  readonly write: (name: string, graph: Graph) => WrittenMap;
  /** What else than the node is said of it: it makes a node worth comparing. */
  readonly besides?: (name: string, graph: Graph) => unknown;
}

/** In the order of a call. */
const FAMILIES: readonly Family[] = [
  {
    kind: 'listener',
    section: 'listeners',
    nodesOf: ({ listeners }) => listeners,
    write: (name, { listeners }) => writeListener(listeners[name]!),
  },
  {
    kind: 'identity',
    section: 'identity',
    nodesOf: ({ identities }) => identities,
    write: (name, { identities }) => writeIdentity(identities[name]!),
  },
  {
    kind: 'server',
    section: 'servers',
    nodesOf: ({ servers }) => servers,
    write: (name, graph) => writeServer(graph.servers[name]!, graph),
    besides: (name, graph) => transportsOf(graph.servers[name]!, graph),
  },
  {
    kind: 'upstream',
    section: 'upstreams',
    nodesOf: ({ upstreams }) => upstreams,
    write: (name, { upstreams }) => writeUpstream(upstreams[name]!),
  },
  {
    kind: 'policy',
    section: 'policies',
    nodesOf: ({ policies }) => policies,
    write: (name, { policies }) => writePolicy(policies[name]!),
  },
  {
    kind: 'limit',
    section: 'limits',
    nodesOf: ({ limits }) => limits,
    write: (name, { limits }) => writeLimit(limits[name]!),
  },
];

const isEqual = (a: unknown, b: unknown): boolean => a === b || canonicalJson(a) === canonicalJson(b);

const sortedNames = (...records: readonly Readonly<Record<string, unknown>>[]): readonly string[] =>
  [...new Set(records.flatMap(Object.keys))].sort();

const familyChanges = (family: Family, before: Graph, after: Graph): readonly NodeChange[] => {
  const { kind, section, nodesOf, write, besides } = family;
  const [old, next] = [nodesOf(before), nodesOf(after)];
  const isSame = (name: string): boolean =>
    isEqual(old[name], next[name]) &&
    (besides === undefined || isEqual(besides(name, before), besides(name, after)));
  return sortedNames(old, next).flatMap((name): readonly NodeChange[] => {
    const has = { before: Object.hasOwn(old, name), after: Object.hasOwn(next, name) };
    if (has.before && has.after && isSame(name)) return [];
    const fields = diffEntries(
      has.before ? write(name, before) : undefined,
      has.after ? write(name, after) : undefined,
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
