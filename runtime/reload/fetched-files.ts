/** Files that are somewhere else than on disk, in a form that another thread can be handed. */
import type { FileHost } from './compile.ts';
import { filesOfCommit } from './git-files.ts';

/** Plain data for a message: files that were fetched, or where git has them. */
export type FetchedFiles =
  | { readonly kind: 'held'; readonly files: ReadonlyMap<string, Uint8Array | undefined> }
  | { readonly kind: 'commit'; readonly id: string; readonly folder: string };

/** By the names that the compiler asks for. Throws where git is missing. */
export const hostOf = (fetched: FetchedFiles): FileHost => {
  switch (fetched.kind) {
    case 'held':
      return { read: (path) => fetched.files.get(path), list: () => undefined };
    case 'commit':
      return filesOfCommit(fetched.id, fetched.folder);
  }
};
