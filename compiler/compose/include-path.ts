/** What an entry of `include` may name: files below the folder of the file that the compile began with. */
import { posix } from 'node:path';
import { hasReference } from '../../schema/reference.ts';
import type { SourceValue } from '../source/tree.ts';

/** The text of an entry; undefined for what is none, or is a reference: that is told with the shape of the whole. */
export const includedText = (entry: SourceValue): string | undefined =>
  entry.kind === 'scalar' && typeof entry.value === 'string' && !hasReference(entry.value)
    ? entry.value
    : undefined;

/** What keeps a path from being included, however it is read; undefined if nothing does. */
export const includeProblem = (text: string): string | undefined => {
  if (text === '') return 'it is empty';
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'it is a URL';
  if (/[\0\\{}$]/.test(text)) return 'a NUL, `\\`, `$`, `{` or `}` cannot stand in it';
  if (posix.isAbsolute(text)) return 'it is absolute';
  if (text.endsWith('/')) return 'it names a folder';
  return text.includes('**') ? '`*` stands for a part of one name, and there is no `**`' : undefined;
};

/** Whether `path` is below `root`, both written from the same folder. */
export const isBelow = (root: string, path: string): boolean => {
  const folder = posix.normalize(root);
  if (folder === '.') return !posix.isAbsolute(path) && path !== '..' && !path.startsWith('../');
  return path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
};
