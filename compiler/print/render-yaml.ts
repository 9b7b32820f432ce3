/** The effective configuration as YAML that a person reads, and the compiler takes. */
import { Document, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { escapeHidden } from '../../schema/hidden-characters.ts';
import { isLookAlike } from '../source/look-alike.ts';
import type { Effective, EffectiveValue } from './effective.ts';

export interface RenderOptions {
  /** Whether the origin of each value is written behind it. */
  readonly origin: boolean;
}

/** Blanks at the edge of a line, which blocks and plain texts lose, and what is no character of a text. */
const FRAGILE = /^[^\S\n]|[^\S\n]$|\p{Cc}(?<!\n)/mu;
const BLANK_ENDS = /^\n|\n\n$/;

const needsQuotes = (text: string): boolean =>
  isLookAlike(text) || FRAGILE.test(text) || BLANK_ENDS.test(text) || escapeHidden(text) !== text;

const scalarNode = (value: unknown): Scalar => {
  const node = new Scalar(value);
  if (typeof value === 'string' && needsQuotes(value)) node.type = Scalar.QUOTE_DOUBLE;
  return node;
};

const isEmpty = (value: EffectiveValue): boolean =>
  value.kind === 'scalar' ||
  (value.kind === 'list' && value.items.length === 0) ||
  (value.kind === 'map' && value.entries.size === 0);

const nodeOf = (value: EffectiveValue, options: RenderOptions): Node => {
  let node: Node;
  if (value.kind === 'scalar') node = scalarNode(value.value);
  else if (value.kind === 'list') {
    const list = new YAMLSeq();
    list.items = value.items.map((item) => nodeOf(item, options));
    node = list;
  } else {
    const map = new YAMLMap();
    for (const [key, entry] of value.entries) {
      const name = scalarNode(key);
      if (options.origin && entry.note !== undefined) name.commentBefore = ` ${entry.note}`;
      map.items.push(new Pair(name, nodeOf(entry, options)));
    }
    node = map;
  }
  if (isEmpty(value) && node instanceof YAMLMap) node.flow = true;
  if (isEmpty(value) && node instanceof YAMLSeq) node.flow = true;
  if (options.origin && isEmpty(value)) node.comment = ` ${value.origin}`;
  return node;
};

/** One text; without origins it compiles to the same graph. */
export const renderYaml = ({ root, removed }: Effective, options: RenderOptions): string => {
  const document = new Document(null, { version: '1.2', schema: 'core' });
  document.contents = nodeOf(root, options) as typeof document.contents;
  if (options.origin && removed.length > 0)
    document.commentBefore = removed.map((line) => ` ${line}`).join('\n');
  // What is hidden stands between double quotes, where escapes mean the same, or in a comment.
  return escapeHidden(document.toString({ lineWidth: 0, flowCollectionPadding: true }));
};
