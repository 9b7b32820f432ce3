/** What every command that compiles does first: the host of the compiler, with the files below a folder. */
import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { type CompileInput, type CompileResult, compile } from '../compiler/compile.ts';
import { listFolder } from '../runtime/reload/list-folder.ts';
import type { Project } from './project-options.ts';

const ABSENT = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG'];

/** Bytes of a file; undefined if it is missing or no file. Other failures are those of the machine and thrown. */
export const readFrom = (cwd: string) => (path: string) => {
  try {
    return readFileSync(resolve(cwd, path));
  } catch (error) {
    if (ABSENT.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
};

/**
 * What the compiler is given for a project whose paths are relative to `cwd`. An overlay of a main file that is
 * absolute is absolute too, so that each can be named from the other.
 */
export const inputAt = ({ main, overlays }: Project, cwd: string): CompileInput => ({
  main,
  overlays: isAbsolute(main) ? overlays.map((path) => resolve(cwd, path)) : overlays,
  read: readFrom(cwd),
  list: (folder) => listFolder(resolve(cwd, folder)),
});

/** Compiles a project and what it names, relative to `cwd`. */
export const compileAt = (project: Project, cwd: string): CompileResult => compile(inputAt(project, cwd));
