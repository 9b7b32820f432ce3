import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { digestOf } from '../../scripts/base/parts.ts';
import { freePort } from '../support/free-port.ts';
import { callTool } from '../support/modern-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { isRedisMissing, PASSWORD, RedisServer } from '../support/redis-server.ts';
import { ROOT } from '../support/source-file.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';

vi.setConfig({ testTimeout: 180_000 });

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
afterAll(async () => {
  if (!isMissing) await rm(folder, { recursive: true, force: true });
});

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

/** A file that a reload compiles in a thread of its own: one of a few kilobytes is compiled in place. */
const LARGE = '\n'.repeat(16 * 1024);

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

  /** Two threads that serve the same tools at each of the paths, and operations. */
  const configurationOf = (
    url: string,
    paths: readonly string[],
    limits: readonly string[] = [],
  ): object => ({
    version: 1,
    workers: 2,
    servers: Object.fromEntries(
      paths.map((path) => [
        path.slice(1),
        { at: [{ listener: 'main', path }], anonymous: true, expose: [{ upstream: 'u' }], limits },
      ]),
    ),
    upstreams: { u: { type: 'http', endpoints: [url] } },
    // A test says when.
    reload: { watch: false },
  });

  /** Starts a gateway in the tree as a user that no passwd knows, and waits until its health check there says so. */
  const startInTree = async (configured: (paths: readonly string[]) => object) => {
    const [port, opsPort] = [await freePort(), await freePort()];
    const listeners = {
      main: { bind: `127.0.0.1:${port}` },
      ops: { bind: `127.0.0.1:${opsPort}`, serve: ['health', 'status', 'reload'] },
    };
    const opsUrl = `http://127.0.0.1:${opsPort}`;
    const write = (paths: readonly string[]): Promise<void> =>
      writeFile(
        join(tree, 'etc/gatewright/gateway.yaml'),
        `${JSON.stringify({ ...configured(paths), listeners })}${LARGE}`,
      );
    await write(['/mcp']);
    await chmod(folder, 0o755);
    const env = { PATH: process.env.PATH, STATE_PASSWORD: PASSWORD };
    const log = await open(join(folder, 'log'), 'w');
    // With less of the processor than others, which a user that is not root cannot take back.
    const command = ['-n', '10', 'chroot', ...inTree(4711, 'run', '/etc/gatewright/gateway.yaml')];
    const gateway = spawn('nice', command, {
      stdio: ['ignore', log.fd, log.fd],
      env,
    });
    const exited = new Promise<number | null>((resolve) => gateway.once('exit', resolve));
    const end = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> => {
      gateway.kill(signal);
      return exited;
    };
    const close = async (): Promise<void> => {
      await end('SIGKILL');
      await log.close();
    };
    const isHealthy = (): Promise<string> =>
      run('chroot', inTree(4711, 'health', opsUrl), { env }).then(
        ({ stdout }) => stdout,
        ({ stderr }) => String(stderr),
      );
    try {
      await expect.poll(isHealthy, { timeout: 90_000 }).toBe('ready\n');
    } catch (thrown) {
      await close();
      throw thrown;
    }
    const at = (path: string): string => `http://127.0.0.1:${port}${path}`;
    return { pid: gateway.pid, at, opsUrl, write, end, [Symbol.asyncDispose]: close };
  };

  it('[COMPL-09/tree] serves as any user that is not root, and its health check tells so', async () => {
    await using gateway = await startInTree((paths) => configurationOf('http://127.0.0.1:9/mcp', paths));
    const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\t4711\t4711/m);
    expect(status).toMatch(/^CapEff:\t0000000000000000$/m);
    expect(await gateway.end()).toBe(0);
  });

  it('serves tools on two threads, takes a reload that a third compiles, and ends in order', async () => {
    const upstream = await startToolUpstream('tools', ['echo']);
    onTestFinished(() => upstream.close());
    await using gateway = await startInTree((paths) => configurationOf(upstream.url, paths));
    expect(told((await callTool(gateway.at('/mcp'), 'echo', { a: 1 })).body.result).arguments).toEqual({
      a: 1,
    });
    await gateway.write(['/mcp', '/other']);
    expect((await rawRequest(gateway.at('/other'), { method: 'POST' })).status).toBe(404);
    const reloaded = await rawRequest(`${gateway.opsUrl}/-/reload`, { method: 'POST' });
    expect([reloaded.status, JSON.parse(reloaded.text).result]).toEqual([200, 'applied']);
    expect(told((await callTool(gateway.at('/other'), 'echo', { a: 2 })).body.result).arguments).toEqual({
      a: 2,
    });
    const status = JSON.parse((await rawRequest(`${gateway.opsUrl}/-/status`)).text);
    expect(status).toMatchObject({ generation: 2, workers: { wanted: 2, running: 2 } });
    expect(upstream.calls).toBe(2);
    expect(await gateway.end()).toBe(0);
  });

  it.skipIf(isRedisMissing)('counts in a store, by the client that is in the tree', async () => {
    const upstream = await startToolUpstream('tools', ['echo']);
    onTestFinished(() => upstream.close());
    const store = await RedisServer.start();
    onTestFinished(() => store.close());
    const state = { type: 'valkey', url: store.url, password: `\${env:STATE_PASSWORD}`, timeout: '10s' };
    const limits = { few: { type: 'quota', quota: '3/3650d', key: [] } };
    await using gateway = await startInTree((paths) => ({
      ...configurationOf(upstream.url, paths, ['few']),
      limits,
      state,
    }));
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await callTool(gateway.at('/mcp'), 'echo')).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect(await store.command('KEYS', 'gatewright:*')).not.toEqual([]);
    expect(await gateway.end()).toBe(0);
  });

  it('has no pages of diagnostics, and says so', () => {
    const { status, stdout, stderr } = spawnSync('chroot', inTree(4711, 'explain-code', 'GW4019'), {
      env: { PATH: process.env.PATH },
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/^error: the page of GW4019 \(.+\) is not here: an image has no documentation/);
    expect(stderr).not.toMatch(/ENOENT|\/app/);
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
