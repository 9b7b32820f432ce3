import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GitSource } from '../../../../runtime/reload/elsewhere/git-source.ts';

let folder: string;
const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
const commit = async (text: string): Promise<string> => {
  await writeFile(join(folder, 'deploy/gateway.yaml'), text);
  git('add', '.');
  git('commit', '-qm', 'a');
  return git('rev-parse', 'HEAD').trim();
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-git-'));
  git('init', '-qb', 'main');
  await mkdir(join(folder, 'deploy'));
});
afterEach(() => rm(folder, { recursive: true }));

const sourceIn = (where: string, reference = 'HEAD') =>
  new GitSource({ kind: 'git', folder: where, reference, path: 'deploy/gateway.yaml' });
const fetch = (source: GitSource) => source.fetch(AbortSignal.timeout(20_000));
const textOf = async (source: GitSource) => {
  const { main, read } = await fetch(source);
  return Buffer.from(read(main) ?? '').toString('utf8');
};

describe('a configuration in a git repository', () => {
  it('is that of the commit, whatever lies in the working directory, and stays the same object until there is another', async () => {
    const first = await commit('one');
    await writeFile(join(folder, 'deploy/gateway.yaml'), 'not committed');
    const source = sourceIn(folder);
    const fetched = await fetch(source);
    expect(fetched.revision).toBe(first);
    expect(Math.abs(fetched.publishedAtMs! - Date.now())).toBeLessThan(600_000);
    expect(await fetch(source)).toBe(fetched);
    expect(await textOf(source)).toBe('one');
    await commit('two');
    expect(await textOf(source)).toBe('two');
    expect(fetched.list('deploy')).toEqual(['gateway.yaml']);
  });

  it('is found on another branch, in a folder of a checkout, and in a bare repository', async () => {
    await commit('one');
    git('checkout', '-qb', 'next');
    await commit('two');
    expect(await textOf(sourceIn(folder, 'main'))).toBe('one');
    expect(await textOf(sourceIn(folder, 'next'))).toBe('two');
    const inFolder = new GitSource({
      kind: 'git',
      folder: join(folder, 'deploy'),
      reference: 'next',
      path: 'gateway.yaml',
    });
    expect(await textOf(inFolder)).toBe('two');
    git('clone', '-q', '--bare', '.', 'bare.git');
    const bare = sourceIn(join(folder, 'bare.git'), 'main');
    expect(await textOf(bare)).toBe('one');
    expect((await fetch(bare)).list('./deploy')).toEqual(['gateway.yaml']);
  });

  it.each(['none', '--output=written', '-1', 'main:deploy'])(
    'rejects for the reference %s',
    async (reference) => {
      await commit('one');
      await expect(fetch(sourceIn(folder, reference))).rejects.toThrow();
      expect(git('status', '--short')).toBe('');
    },
  );
});
