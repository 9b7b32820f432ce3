import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { digestOf } from '../../scripts/base/parts.ts';
import { freePort } from '../support/free-port.ts';
import { ROOT } from '../support/source-file.ts';

vi.setConfig({ testTimeout: 60_000 });

const run = promisify(execFile);
const NODE = join(ROOT, 'node_modules/node/bin/node');

let folder: string;
let tree: string;
/** What is pinned of this machine: another one has other libraries. */
let base: string;
let files: readonly { readonly path: string; readonly mode: number; readonly isFile: boolean }[];

const isMissing = spawnSync('strip', ['--version']).error !== undefined;

beforeAll(async () => {
  if (isMissing) return;
  folder = await mkdtemp(join(tmpdir(), 'gatewright-rootfs-'));
  tree = join(folder, 'rootfs');
  const dist = join(folder, 'dist');
  await run(NODE, ['scripts/build.ts', dist], { cwd: ROOT });
  base = join(folder, 'base.json');
  await run(NODE, ['scripts/base.ts', 'pin', base], { cwd: ROOT });
  await run(NODE, ['scripts/rootfs.ts', tree, dist, '--base', base], { cwd: ROOT });
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  files = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: path.slice(tree.length), mode: (await lstat(path)).mode, isFile: entry.isFile() };
    }),
  );
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const paths = (): readonly string[] => files.filter(({ isFile }) => isFile).map(({ path }) => path);

/** Whether a binary still has the symbols that only people who debug it need. */
const hasSymbols = async (path: string): Promise<boolean> =>
  (await run('readelf', ['--section-headers', '--wide', path])).stdout.includes(' .symtab ');

describe.skipIf(isMissing)('the file system of the container', () => {
  it('[COMPL-05/tree] [COMPL-06/tree] holds Node.js, its libraries, dist and its bytecode, certificates and a user, and nothing else', () => {
    const rest = paths().filter((path) => !/^\/(lib|lib64|usr\/lib)\/.*\.so(\.\d+)*$/.test(path));
    expect(rest.filter((path) => !/^\/app\/(dist|bytecode)\//.test(path)).sort()).toEqual(
      ['/app/package.json', '/bin/node', '/etc/passwd', '/etc/ssl/certs/ca-certificates.crt'].sort(),
    );
    expect(rest).toContain('/app/dist/gatewright.js');
    expect(rest).toContain('/app/dist/compile-thread.js');
    expect(rest).toContain('/app/dist/thread.js');
    expect(rest).toContain('/app/dist/LICENSES.txt');
  });

  it('[COMPL-11/tree] [COMPL-14/tree] has no shell, no package manager, no other program', () => {
    const programs = files.filter(
      ({ isFile, mode, path }) => isFile && (mode & 0o111) !== 0 && !path.includes('.so'),
    );
    expect(programs.map(({ path }) => path)).toEqual(['/bin/node']);
  });

  it('[COMPL-12/tree] has no setuid or setgid file, and nothing that others may write but /tmp', () => {
    expect(files.filter(({ mode }) => (mode & 0o6000) !== 0)).toEqual([]);
    expect(files.filter(({ mode }) => (mode & 0o002) !== 0).map(({ path }) => path)).toEqual(['/tmp']);
  });

  it('[COMPL-10/tree] has a stripped Node.js', async () => {
    expect(await hasSymbols(NODE)).toBe(true);
    expect(await hasSymbols(join(tree, 'bin/node'))).toBe(false);
  });

  it('[COMPL-07] is made of a base that is pinned by digest, and of no other byte', async () => {
    const pinned = JSON.parse(await readFile(base, 'utf8')) as { readonly files: Record<string, string> };
    const libraries = paths().filter((path) => path.includes('.so'));
    expect(Object.keys(pinned.files).sort()).toEqual(['/bin/node', ...libraries].sort());
    for (const path of libraries) expect(digestOf(await readFile(join(tree, path)))).toBe(pinned.files[path]);
    for (const path of Object.keys(pinned.files)) {
      const digest = pinned.files[path]!;
      const wrong = `${digest.slice(0, -1)}${digest.endsWith('0') ? '1' : '0'}`;
      const other = join(folder, 'other.json');
      await writeFile(other, JSON.stringify({ ...pinned, files: { ...pinned.files, [path]: wrong } }));
      const into = join(folder, 'refused');
      const built = run(NODE, ['scripts/rootfs.ts', into, '--base', other], { cwd: ROOT });
      await expect(built).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`${path} is ${digest}`),
      });
      expect(existsSync(into)).toBe(false);
    }
  });

  it('has the certificates of public authorities that come with its Node.js', async () => {
    const text = await readFile(join(tree, 'etc/ssl/certs/ca-certificates.crt'), 'utf8');
    expect(text).toBe(`${getCACertificates('bundled').join('\n')}\n`);
    expect(text.match(/BEGIN CERTIFICATE/g)!.length).toBeGreaterThan(50);
  });

  it('is not written over what is there', async () => {
    const again = run(NODE, ['scripts/rootfs.ts', tree], { cwd: ROOT });
    await expect(again).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty') });
  });
});

describe.skipIf(isMissing)('the Containerfile', () => {
  it('[COMPL-06] [COMPL-09/declared] begins from nothing, adds the tree, and runs as nobody in particular', async () => {
    const lines = (await readFile(join(ROOT, 'deploy/Containerfile'), 'utf8'))
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines[0]).toBe('FROM scratch');
    expect(lines.filter((line) => line.startsWith('RUN '))).toEqual([]);
    expect(lines).toContain('COPY . /');
    expect(lines).toContain('USER 1001:1001');
    const health = lines.find((line) => line.startsWith('HEALTHCHECK '))!;
    const command = JSON.parse(health.slice(health.indexOf('['))) as string[];
    const entry = JSON.parse(lines.find((line) => line.startsWith('ENTRYPOINT '))!.slice(11)) as string[];
    for (const path of [command[0]!, command[1]!, entry[0]!, entry.at(-1)!])
      expect(existsSync(join(tree, path))).toBe(true);
  });
});

const isRoot = process.getuid?.() === 0;

describe.skipIf(isMissing || !isRoot)('the tree as a root file system', () => {
  /** Runs a program of the tree in it, as a user that no passwd knows. */
  const inTree = (uid: number, ...args: string[]): string[] => [
    `--userspec=${uid}:${uid}`,
    tree,
    '/bin/node',
    '/app/dist/gatewright.js',
    ...args,
  ];

  it('[COMPL-09/tree] serves as any user that is not root, and its health check tells so', async () => {
    const [port, opsPort] = [await freePort(), await freePort()];
    await mkdir(join(tree, 'etc/gatewright'), { recursive: true });
    await writeFile(
      join(tree, 'etc/gatewright/gateway.yaml'),
      JSON.stringify({
        version: 1,
        listeners: {
          main: { bind: `127.0.0.1:${port}` },
          ops: { bind: `127.0.0.1:${opsPort}`, serve: ['health'] },
        },
        servers: {
          a: { at: [{ listener: 'main', path: '/mcp' }], anonymous: true, expose: [{ upstream: 'u' }] },
        },
        upstreams: { u: { type: 'http', endpoints: ['http://127.0.0.1:9/mcp'] } },
      }),
    );
    await chmod(folder, 0o755);
    const log = await open(join(folder, 'log'), 'w');
    const gateway = spawn('chroot', inTree(4711, 'run', '/etc/gatewright/gateway.yaml'), {
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: process.env.PATH },
    });
    const exited = new Promise<number | null>((resolve) => gateway.once('exit', resolve));
    const isHealthy = async (): Promise<string> => {
      const check = inTree(4711, 'health', `http://127.0.0.1:${opsPort}`);
      return run('chroot', check, { env: { PATH: process.env.PATH } }).then(
        ({ stdout }) => stdout,
        ({ stderr }) => String(stderr),
      );
    };
    try {
      await expect.poll(isHealthy, { timeout: 30_000 }).toBe('ready\n');
      const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8');
      expect(status).toMatch(/^Uid:\t4711\t4711/m);
      expect(status).toMatch(/^CapEff:\t0000000000000000$/m);
    } finally {
      gateway.kill('SIGTERM');
    }
    expect(await exited).toBe(0);
    await log.close();
  });

  it('[COMPL-13/tree] has bytecode that any user can read and its Node.js takes', () => {
    const out = spawnSync('chroot', inTree(4711, 'version'), {
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: '/app/bytecode',
        NODE_COMPILE_CACHE_PORTABLE: '1',
        NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
      },
      encoding: 'utf8',
    });
    const told = `${out.stdout}${out.stderr}`;
    expect(told).toMatch(/file:\/\/\/app\/dist\/gatewright\.js was accepted/);
    expect(told).not.toContain('was rejected');
  });

  it('tells its version with nothing around it', () => {
    const out = execFileSync('chroot', inTree(1001, 'version'), {
      env: { PATH: process.env.PATH },
      encoding: 'utf8',
    });
    expect(out).toMatch(/^gatewright \d+\.\d+\.\d+ \(Node\.js v26/);
  });
});
