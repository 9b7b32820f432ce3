/** Sections in the order of a call's path, as the manual has them, each with the comments above it. */
import type { CST } from 'yaml';
import { GATEWAY_SCHEMA } from '../parse/schema.ts';

const ORDER = Object.keys(GATEWAY_SCHEMA.properties ?? {});

const rankOf = ({ key }: CST.CollectionItem): number => {
  const name = key && 'source' in key ? key.source : undefined;
  if (name === undefined) return Number.POSITIVE_INFINITY;
  const index = ORDER.indexOf(name);
  return index < 0 ? ORDER.length : index;
};

/** What stands above the first section after a blank line belongs to it; the rest heads the file. */
const takeHeading = (head: CST.SourceToken[]): readonly CST.SourceToken[] => {
  const lines = head.filter(({ type }) => type !== 'space');
  const blank = lines.findLastIndex(
    ({ type }, index) => type === 'newline' && lines[index - 1]?.type === 'newline',
  );
  if (blank < 0 || blank === lines.length - 1) return [];
  return head.splice(head.indexOf(lines[blank]!) + 1);
};

/** Puts the items of the top mapping in order; `head` are the tokens above it. */
export const orderSections = (root: CST.BlockMap, head: CST.SourceToken[]): void => {
  const items = [...root.items].sort((a, b) => {
    const [left, right] = [rankOf(a), rankOf(b)];
    return left === right ? 0 : left < right ? -1 : 1;
  });
  const [first] = root.items;
  if (first && items[0] !== first) first.start.unshift(...takeHeading(head));
  root.items.splice(0, root.items.length, ...items);
};
