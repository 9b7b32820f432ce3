import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const BOOTSTRAP = new URL('../../scripts/bootstrap.mjs', import.meta.url);

/** A project whose package `node`, a folder of its own, is the Node.js of this test. */
let project: string;

const describeNode = async (version: string): Promise<void> => {
  const lock = {
    name: 'project',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: {
      '': { name: 'project', version: '1.0.0', dependencies: { node: 'file:node-package' } },
      'node-package': { name: 'node', version },
      'node_modules/node': { resolved: 'node-package', link: true },
    },
  };
  await writeFile(join(project, 'node-package', 'package.json'), JSON.stringify({ name: 'node', version }));
  await writeFile(join(project, 'package-lock.json'), JSON.stringify(lock));
};

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'gatewright-bootstrap-'));
  await mkdir(join(project, 'scripts'));
  await mkdir(join(project, 'node-package', 'bin'), { recursive: true });
  await copyFile(BOOTSTRAP, join(project, 'scripts', 'bootstrap.mjs'));
  await symlink(process.execPath, join(project, 'node-package', 'bin', 'node'));
  const manifest = { name: 'project', version: '1.0.0', dependencies: { node: 'file:node-package' } };
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
  await describeNode('1.0.0');
  await writeFile(
    join(project, 'program.mjs'),
    'console.log(JSON.stringify([process.execPath, process.execArgv, process.argv.slice(2)]));process.exit(7);',
  );
});

afterEach(async () => {
  await rm(project, { recursive: true });
});

const bootstrap = async (...args: string[]) => {
  const { promise, resolve } = Promise.withResolvers<{ code: unknown; out: string; err: string }>();
  const script = join(project, 'scripts', 'bootstrap.mjs');
  execFile(process.execPath, [script, ...args], { cwd: project }, (error, out, err) =>
    resolve({ code: error === null ? 0 : error.code, out, err }),
  );
  return await promise;
};

describe('the bootstrap', () => {
  it('installs once, then runs the program with its arguments and hands on its exit code', async () => {
    const first = await bootstrap('program.mjs', 'a', 'b c');
    expect(first).toMatchObject({
      code: 7,
      err: expect.stringMatching(/^gatewright: installing dependencies/),
    });
    const [, flags, args] = JSON.parse(first.out);
    expect(flags).toEqual(['--max-semi-space-size=32']);
    expect(args).toEqual(['a', 'b c']);
    expect(await bootstrap('program.mjs', 'a', 'b c')).toEqual({ ...first, err: '' });
  });

  it('installs again when the lock names another version', async () => {
    await bootstrap('program.mjs');
    await describeNode('1.0.1');
    expect((await bootstrap('program.mjs')).err).toContain('installing');
    expect((await bootstrap('program.mjs')).err).toBe('');
  });

  it('runs nothing when the installation fails', async () => {
    await rm(join(project, 'node-package'), { recursive: true });
    const { code, out, err } = await bootstrap('program.mjs');
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toContain('gatewright: the installation failed; see above.');
  });

  it('says how it is used', async () => {
    expect(await bootstrap()).toMatchObject({ code: 2, err: expect.stringContaining('usage:') });
  });
});
