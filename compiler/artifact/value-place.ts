/** Where a value stands in canonical JSON. */
import { canonicalJson } from '../../schema/canonical-json.ts';
import type { Place, SourceFile } from '../source/source-file.ts';
import type { Path } from '../source/tree.ts';

/** Members in the order in which they are written, each with its key as it is written. */
const membersOf = (value: object): readonly (readonly [key: string, written: string, value: unknown])[] =>
  Array.isArray(value)
    ? value.map((item, index) => [String(index), '', item])
    : Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, member]) => [key, `${JSON.stringify(key)}:`, member]);

/** The place of the value at `path` of `root`, or of the nearest above it that is there, in its canonical text. */
export const valuePlace = (file: SourceFile, root: unknown, path: Path): Place => {
  let start = 0;
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) break;
    const members = membersOf(value);
    const index = members.findIndex(([key]) => key === String(step));
    if (index < 0) break;
    start += 1;
    for (const [, written, member] of members.slice(0, index))
      start += written.length + canonicalJson(member).length + 1;
    start += members[index]![1].length;
    value = members[index]![2];
  }
  return { file, start, end: start + canonicalJson(value).length };
};
