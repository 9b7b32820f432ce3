/** Files of a git revision, read from its objects: nothing is checked out, written or fetched. */
import { spawnSync } from 'node:child_process';

/** What the compiler is given of a revision. */
export interface GitFiles {
  readonly read: (path: string) => Buffer | undefined;
  /** Names in a folder, those of folders with a `/` behind. */
  readonly list: (folder: string) => readonly string[] | undefined;
}

const MAX_BYTES = 64 * 1024 * 1024;

const git = (cwd: string, args: readonly string[]): Buffer | undefined => {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', GIT_TERMINAL_PROMPT: '0' };
  const { error, status, stdout } = spawnSync('git', [...args], { cwd, env, maxBuffer: MAX_BYTES });
  if (error !== undefined) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw missing ? new Error('git is not installed, or the folder is not there') : error;
  }
  return status === 0 ? stdout : undefined;
};

/** As git takes a path that is relative to the working directory. */
const relative = (path: string): string => (/^\.{1,2}\//.test(path) ? path : `./${path}`);

const REVISION = ['rev-parse', '--verify', '--quiet', '--end-of-options'];

/** Whether git knows a revision by this name; false outside of a repository and without git. */
export const isRevision = (name: string, cwd: string): boolean => {
  try {
    return git(cwd, [...REVISION, `${name}^{commit}`]) !== undefined;
  } catch {
    return false;
  }
};

/** The commit that a revision names. Throws where there is none, or no repository. */
const commitOf = (revision: string, cwd: string): string => {
  if (git(cwd, ['rev-parse', '--git-dir']) === undefined)
    throw new Error(`\`${cwd}\` is in no git repository`);
  const commit = git(cwd, [...REVISION, `${revision}^{commit}`])
    ?.toString('utf8')
    .trim();
  if (commit === undefined) throw new Error(`there is no revision \`${revision}\``);
  return commit;
};

/** The files of a revision, by paths relative to `cwd`. Throws where the revision or git is missing. */
export const gitFiles = (revision: string, cwd: string): GitFiles => {
  const commit = commitOf(revision, cwd);
  return {
    read: (path) => git(cwd, ['cat-file', 'blob', `${commit}:${relative(path)}`]),
    list: (folder) => {
      const tree = git(cwd, ['ls-tree', '-z', `${commit}:${relative(folder)}`])?.toString('utf8');
      return tree
        ?.split('\0')
        .filter((entry) => entry !== '')
        .map((entry) => {
          const name = entry.slice(entry.indexOf('\t') + 1);
          return / tree /.test(entry.slice(0, entry.indexOf('\t'))) ? `${name}/` : name;
        });
    },
  };
};
