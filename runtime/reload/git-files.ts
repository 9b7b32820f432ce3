/** Files of a git revision, read from its objects: nothing is checked out, written or fetched. */
import { execFile, spawnSync } from 'node:child_process';
import { posix } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What the compiler is given of a revision. */
export interface GitFiles {
  readonly read: (path: string) => Buffer | undefined;
  /** Names in a folder, those of folders with a `/` behind. */
  readonly list: (folder: string) => readonly string[] | undefined;
}

const MAX_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 10_000;
const MISSING = 'git is not installed, or the folder is not there';

const gitEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_TERMINAL_PROMPT: '0',
});

const git = (cwd: string, args: readonly string[]): Buffer | undefined => {
  const options = { cwd, env: gitEnvironment(), maxBuffer: MAX_BYTES, timeout: TIMEOUT_MS };
  const { error, status, stdout } = spawnSync('git', [...args], options);
  if (error !== undefined) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw missing ? new Error(MISSING) : error;
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

/** A bare repository has no working directory that a path could be relative to: there it is that of the whole tree. */
const pathIn = (cwd: string): ((path: string) => string) => {
  const isInTree = git(cwd, ['rev-parse', '--is-inside-work-tree'])?.toString('utf8').trim() === 'true';
  return isInTree ? relative : (path) => posix.normalize(path).replace(/^\.?\/|^\.$/, '');
};

/** The files of a commit, by paths relative to `cwd`. Throws where git is missing. */
export const filesOfCommit = (commit: string, cwd: string): GitFiles => {
  const inTree = pathIn(cwd);
  return {
    read: (path) => git(cwd, ['cat-file', 'blob', `${commit}:${inTree(path)}`]),
    list: (folder) => {
      const tree = git(cwd, ['ls-tree', '-z', `${commit}:${inTree(folder)}`])?.toString('utf8');
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

/** The files of a revision, by paths relative to `cwd`. Throws where the revision or git is missing. */
export const gitFiles = (revision: string, cwd: string): GitFiles =>
  filesOfCommit(commitOf(revision, cwd), cwd);

/** A commit and when it was made. */
export interface Commit {
  readonly id: string;
  readonly atMs: number;
}

/** The commit that a reference names now, without waiting in the way of others. Rejects with git's words. */
export const latestCommit = async (reference: string, cwd: string, signal: AbortSignal): Promise<Commit> => {
  const format = ['--no-show-signature', '--format=%H %ct'];
  const args = ['log', '-1', ...format, '--end-of-options', `${reference}^{commit}`, '--'];
  try {
    const options = { cwd, env: gitEnvironment(), signal, timeout: TIMEOUT_MS };
    const { stdout } = await execute('git', args, options);
    const [id = '', seconds] = stdout.trim().split(' ');
    return { id, atMs: Number(seconds) * 1000 };
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { readonly stderr?: string };
    if (code === 'ENOENT') throw new Error(MISSING, { cause: error });
    const [line] = stderr.split('\n');
    throw line ? new Error(line, { cause: error }) : error;
  }
};
