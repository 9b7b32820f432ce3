/** The tree of a YAML document: aliases followed, keys unique, everything with its place. */
import { isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode, type Scalar, type YAMLMap } from 'yaml';
import type { Report } from '../diagnostics/report.ts';
import { revealStars } from './bare-star.ts';
import { textLookAlike } from './look-alike.ts';
import type { Place, SourceFile } from './source-file.ts';
import type { SourceEntry, SourceScalar, SourceValue } from './tree.ts';
import { withOwnQuotes } from './typographic-quotes.ts';
import { revealReferences } from './unquoted-reference.ts';

const MAX_DEPTH = 64;
const MAX_ALIASES = 100;
const MAX_VALUES = 100_000;

const STYLES: Readonly<Record<string, SourceScalar['style']>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_FOLDED: 'block',
  BLOCK_LITERAL: 'block',
};

interface Builder {
  readonly file: SourceFile;
  readonly report: Report;
  readonly anchors: Map<string, SourceValue | 'open'>;
  /** Values below each value, aliases followed. */
  readonly sizes: Map<SourceValue, number>;
  aliases: number;
  /** The document exceeds a bound; what was built of it is of no use. */
  isTooLarge: boolean;
}

const placeOf = (builder: Builder, start: number, end: number): Place => ({ file: builder.file, start, end });

const nodePlace = (builder: Builder, node: ParsedNode): Place =>
  placeOf(builder, node.range[0], node.range[1]);

const nullAt = (place: Place): SourceScalar => ({
  kind: 'scalar',
  place,
  value: null,
  written: '',
  style: 'plain',
});

const buildScalar = (builder: Builder, node: Scalar.Parsed): SourceScalar => {
  const [start, valueEnd] = node.range;
  const style = STYLES[node.type ?? 'PLAIN'] ?? 'plain';
  const header = builder.file.text.slice(start, valueEnd).search(/\r|\n/);
  const end = style === 'block' && header >= 0 ? start + header : valueEnd;
  const value = node.value as SourceScalar['value'] | bigint;
  const scalar: SourceScalar = {
    kind: 'scalar',
    place: placeOf(builder, start, end),
    value:
      typeof value === 'string'
        ? revealStars(revealReferences(value))
        : typeof value === 'bigint'
          ? Number(value)
          : value,
    written: builder.file.text.slice(start, valueEnd),
    style,
  };
  return withOwnQuotes(scalar, builder.report);
};

const exceed = (builder: Builder, place: Place, what: string, limit: number, unit: string): SourceValue => {
  if (!builder.isTooLarge)
    builder.report('GW0018', { ...place, end: place.start + 1 }, { what, limit, unit });
  builder.isTooLarge = true;
  return nullAt(place);
};

const followAlias = (builder: Builder, node: ParsedNode, name: string): SourceValue => {
  const place = nodePlace(builder, node);
  const target = builder.anchors.get(name);
  const refuse = (problem: string, quoted?: string) => {
    const fixes = quoted === undefined ? [] : [{ place, text: quoted, applicability: 'maybe' as const }];
    builder.report('GW0014', place, { problem, quoted }, { fixes });
    return { ...nullAt(place), isHole: true as const };
  };
  if (target === undefined) {
    // What no one would call a value is the end of a pattern.
    const isPattern = /^[^A-Za-z0-9]|\*/.test(name);
    return refuse(`no value above is marked \`&${name}\``, isPattern ? `"*${name}"` : undefined);
  }
  if (target === 'open') return refuse(`\`*${name}\` stands inside the value that it stands for`);
  builder.aliases++;
  if (builder.aliases === MAX_ALIASES + 1) return refuse(`more than ${MAX_ALIASES} aliases`);
  return target;
};

const describeKey = (key: ParsedNode): string => {
  if (isMap(key)) return 'a mapping';
  if (isSeq(key)) return 'a list';
  if (isAlias(key)) return 'an alias';
  const value = (key as Scalar).value;
  return value === null ? 'nothing' : typeof value === 'boolean' ? 'true or false' : 'a number';
};

const buildKey = (builder: Builder, key: ParsedNode): { key: string; keyPlace: Place } | undefined => {
  const keyPlace = nodePlace(builder, key);
  if (isScalar(key) && typeof key.value === 'string') {
    if (key.value === '<<' && key.type === 'PLAIN') {
      builder.report('GW0010', keyPlace, {});
      return undefined;
    }
    const text = revealReferences(key.value);
    if (text.includes('${')) {
      builder.report('GW0020', keyPlace, { key: text });
      return undefined;
    }
    const written = builder.file.text.slice(keyPlace.start, keyPlace.end);
    const style = STYLES[key.type ?? 'PLAIN'] ?? 'plain';
    textLookAlike({ kind: 'scalar', place: keyPlace, value: text, written, style }, builder.report);
    return { key: text, keyPlace };
  }
  const written = builder.file.text.slice(keyPlace.start, keyPlace.end);
  const quoted = isScalar(key) && written !== '' ? `"${written}"` : undefined;
  builder.report(
    'GW0016',
    isScalar(key) ? keyPlace : { ...keyPlace, end: keyPlace.start + 1 },
    { found: describeKey(key), quoted },
    quoted === undefined ? {} : { fixes: [{ place: keyPlace, text: quoted, applicability: 'always' }] },
  );
  return undefined;
};

/** The keys that `<<` was meant to bring, so that the rest of the map can be judged. */
const mergedEntries = (builder: Builder, node: YAMLMap.Parsed): readonly SourceEntry[] =>
  (node.items as readonly Pair<ParsedNode, ParsedNode | null>[]).flatMap(({ key, value }) => {
    if (!isScalar(key) || key.value !== '<<' || key.type !== 'PLAIN' || !isAlias(value)) return [];
    const target = builder.anchors.get(value.source);
    return typeof target === 'object' && target.kind === 'map' ? [...target.entries.values()] : [];
  });

const buildMap = (builder: Builder, node: YAMLMap.Parsed, depth: number): SourceValue => {
  const entries = new Map<string, SourceEntry>();
  let isIncomplete = false;
  for (const pair of node.items as readonly Pair<ParsedNode, ParsedNode | null>[]) {
    const key = buildKey(builder, pair.key);
    const keyEnd = pair.key.range[1];
    const value = pair.value
      ? build(builder, pair.value, depth + 1)
      : nullAt(placeOf(builder, keyEnd, keyEnd));
    if (!key) {
      isIncomplete = true;
      continue;
    }
    const first = entries.get(key.key);
    if (first) {
      const labels = [{ place: first.keyPlace, text: 'first given here' }];
      builder.report('GW0009', key.keyPlace, { key: key.key }, { labels });
    } else entries.set(key.key, { ...key, value });
  }
  for (const entry of mergedEntries(builder, node)) {
    if (!entries.has(entry.key)) entries.set(entry.key, entry);
  }
  return { kind: 'map', place: nodePlace(builder, node), entries, isIncomplete };
};

const buildNode = (builder: Builder, node: ParsedNode, depth: number): SourceValue => {
  if (isAlias(node)) return followAlias(builder, node, node.source);
  if (isScalar(node)) return buildScalar(builder, node as Scalar.Parsed);
  if (depth > MAX_DEPTH) return exceed(builder, nodePlace(builder, node), 'the nesting', MAX_DEPTH, 'level');
  if (isMap(node)) return buildMap(builder, node as YAMLMap.Parsed, depth);
  const items = (node.items as readonly ParsedNode[]).map((item) => build(builder, item, depth + 1));
  return { kind: 'list', place: nodePlace(builder, node), items };
};

const sizeOf = (builder: Builder, value: SourceValue): number => {
  const children =
    value.kind === 'list'
      ? value.items
      : value.kind === 'map'
        ? Array.from(value.entries.values(), (entry) => entry.value)
        : [];
  return children.reduce((sum, child) => sum + (builder.sizes.get(child) ?? 1), 1);
};

const build = (builder: Builder, node: ParsedNode, depth: number): SourceValue => {
  const anchor = isAlias(node) ? undefined : node.anchor;
  if (anchor !== undefined) builder.anchors.set(anchor, 'open');
  let value = buildNode(builder, node, depth);
  const size = isAlias(node) ? (builder.sizes.get(value) ?? 1) : sizeOf(builder, value);
  if (size > MAX_VALUES) value = exceed(builder, value.place, 'the configuration', MAX_VALUES, 'value');
  builder.sizes.set(value, Math.min(size, MAX_VALUES + 1));
  if (anchor !== undefined) builder.anchors.set(anchor, value);
  return value;
};

/** The tree below `root`; undefined if it is too large. What cannot be read is reported and left out. */
export const buildTree = (root: ParsedNode, file: SourceFile, report: Report): SourceValue | undefined => {
  const builder: Builder = {
    file,
    report,
    anchors: new Map(),
    sizes: new Map(),
    aliases: 0,
    isTooLarge: false,
  };
  const tree = build(builder, root, 0);
  return builder.isTooLarge ? undefined : tree;
};
