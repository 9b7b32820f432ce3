/** What every command that compiles does first: the host of the compiler, with the files below a folder. */
import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { type CompileInput, type CompileResult, compile } from '../compiler/compile.ts';
import { listFolder } from '../runtime/reload/list-folder.ts';
import { unreadReason } from '../runtime/reload/read-settled.ts';
import type { Project } from './project-options.ts';

const ABSENT = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG'];

/** Told why a file has no bytes. */
type OnAbsent = (path: string, error: unknown) => void;

/** Bytes of a file; undefined if it is missing or no file. Other failures are those of the machine and thrown. */
export const readFrom = (cwd: string, onAbsent?: OnAbsent) => (path: string) => {
  try {
    return readFileSync(resolve(cwd, path));
  } catch (error) {
    if (!ABSENT.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    onAbsent?.(path, error);
    return undefined;
  }
};

/**
 * What the compiler is given for a project whose paths are relative to `cwd`. An overlay of a main file that is
 * absolute is absolute too, so that each can be named from the other.
 */
export const inputAt = ({ main, overlays }: Project, cwd: string): CompileInput => {
  const reasons = new Map<string, string | undefined>();
  return {
    main,
    overlays: isAbsolute(main) ? overlays.map((path) => resolve(cwd, path)) : overlays,
    read: readFrom(cwd, (path, error) => reasons.set(path, unreadReason(error))),
    whyUnread: (path) => reasons.get(path),
    list: (folder) => listFolder(resolve(cwd, folder)),
  };
};

/** Compiles a project and what it names, relative to `cwd`. */
export const compileAt = (project: Project, cwd: string): CompileResult => compile(inputAt(project, cwd));
