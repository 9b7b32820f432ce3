/** The YAML parser leaves comments behind an inner block with that block; by their column some belong to an outer one. */
import type { CST } from 'yaml';

type Block = CST.BlockMap | CST.BlockSequence;

const isBlock = (token: CST.Token | null | undefined): token is Block =>
  token?.type === 'block-map' || token?.type === 'block-seq';

/** Takes from the block's end what begins with a comment at most as far right as the block around it. */
const takeOuter = (
  block: Block,
  around: number,
  columnAt: (offset: number) => number,
): readonly CST.SourceToken[] => {
  const last = block.items.at(-1);
  if (!last || last.value || (last as CST.CollectionItem).key || last.sep) return [];
  const { start } = last;
  if (start.some(({ type }) => type === 'seq-item-ind')) return [];
  const first = start.findIndex(({ type, offset }) => type === 'comment' && columnAt(offset) <= around);
  if (first < 0) return [];
  let from = first;
  while (from > 0 && ['space', 'newline'].includes(start[from - 1]!.type)) from--;
  const taken = start.splice(from);
  if (start.length === 0) block.items.pop();
  return taken;
};

/** Moves such comments to what follows in the outer block, all the way up; what is left over is returned. */
export const hoistComments = (
  block: Block,
  around: number,
  columnAt: (offset: number) => number,
): readonly CST.SourceToken[] => {
  for (const [index, { value }] of [...block.items.entries()]) {
    if (!isBlock(value)) continue;
    const taken = hoistComments(value, block.indent, columnAt);
    if (taken.length === 0) continue;
    const next = block.items[index + 1];
    if (next) next.start.unshift(...taken);
    else block.items.push({ start: [...taken] });
  }
  return takeOuter(block, around, columnAt);
};
