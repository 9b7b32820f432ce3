/** Globs of `include`: `*` stands for any part of one name; names that begin with a dot are passed over. */
import { posix } from 'node:path';

/** Names in a folder, those of folders with a `/` behind; undefined if it cannot be listed. */
export type List = (folder: string) => readonly string[] | undefined;

export const isGlob = (path: string): boolean => path.includes('*');

const expressionOf = (segment: string): RegExp => {
  const parts = segment.split(/\*+/).map((part) => part.replace(/[.+?^()|[\]\\]/g, '\\$&'));
  return new RegExp(`^(?!\\.)${parts.join('[^/]*')}$`, 's');
};

const matching = (names: readonly string[], segment: string, isLast: boolean): readonly string[] => {
  const wanted = isGlob(segment) ? expressionOf(segment) : undefined;
  return names.flatMap((name) => {
    const isFolder = name.endsWith('/');
    const bare = isFolder ? name.slice(0, -1) : name;
    return isFolder !== isLast && (wanted?.test(bare) ?? bare === segment) ? [bare] : [];
  });
};

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The files that a normalised glob matches, sorted by path. */
export const filesMatching = (glob: string, list: List): readonly string[] => {
  const segments = glob.split('/');
  const first = segments.findIndex(isGlob);
  let folders = [first === 0 ? '.' : segments.slice(0, first).join('/') || '/'];
  for (const [index, segment] of segments.slice(first).entries()) {
    const isLast = index === segments.length - first - 1;
    folders = folders.flatMap((folder) =>
      matching(list(folder) ?? [], segment, isLast).map((name) => posix.join(folder, name)),
    );
  }
  return folders.sort(byCodeUnit);
};
