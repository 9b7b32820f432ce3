import { channel } from 'node:diagnostics_channel';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Compiler, compileInPlace } from '../../../runtime/reload/compiler.ts';

// A thread loads the compiler anew.
vi.setConfig({ testTimeout: 120_000 });

const begun = vi.hoisted(() => ({ fails: false, flags: [] as string[] }));
vi.mock('node:v8', async (original) => {
  const real = await original<typeof import('node:v8')>();
  const setFlagsFromString = (flag: string): void => {
    begun.flags.push(flag);
    real.setFlagsFromString(flag);
  };
  return { ...real, setFlagsFromString };
});
vi.mock('node:worker_threads', async (original) => {
  const real = await original<typeof import('node:worker_threads')>();
  class Thread extends real.Worker {
    constructor(...of: ConstructorParameters<typeof Worker>) {
      if (begun.fails) throw new Error('no room for a thread');
      super(...of);
    }
  }
  return { ...real, Worker: Thread };
});

const threads: Worker[] = [];
const remember = (message: unknown): void => void threads.push((message as { worker: Worker }).worker);

let folder: string;
let file: string;
let compiler: Compiler;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-compiler-'));
  file = join(folder, 'gateway.yaml');
  compiler = new Compiler('1.2.3');
  threads.length = 0;
  channel('worker_threads').subscribe(remember);
});
afterEach(async () => {
  channel('worker_threads').unsubscribe(remember);
  await compiler.close();
  await rm(folder, { recursive: true });
});

const configuration = (upstreams: number, more = ''): string => `version: 1
name: of-${upstreams}
listeners:
  local: { bind: "127.0.0.1:0" }
servers:
  all: { at: [{ listener: local, path: /mcp }], anonymous: true, expose: [{ upstream: upstream-0 }] }
upstreams:
${Array.from(
  { length: upstreams },
  (_, at) => `  upstream-${at}: { type: http, endpoints: ["http://127.0.0.1:9/mcp-${at}"] }\n`,
).join('')}${more}`;

const request = () => ({ main: file, overlays: [], trust: undefined, fetched: undefined });
const compile = (serves = true) => compiler.compile(request(), [file], serves);

describe('a compile beside what serves', () => {
  it('of a small configuration starts no thread until it is edited over and over, and then one for all edits', async () => {
    await writeFile(file, configuration(1));
    expect((await compile(false)).compiled?.graph.name).toBe('of-1');
    for (let edit = 1; edit <= 8; edit += 1) await compile();
    expect(threads).toEqual([]);
    for (const upstreams of [2, 3]) {
      await writeFile(file, configuration(upstreams));
      expect((await compile()).compiled).toEqual(compileInPlace(request()).compiled);
      expect(threads).toHaveLength(1);
    }
  });

  it('of one in the middle starts one only if somebody is served meanwhile', async () => {
    await writeFile(file, configuration(200));
    expect((await compile(false)).compiled?.graph.name).toBe('of-200');
    expect(threads).toEqual([]);
    expect((await compile()).compiled?.graph.name).toBe('of-200');
    expect(threads).toHaveLength(1);
  });

  it.each([
    ['another file', 'include: [./more.yaml]\n', 'more.yaml'],
    ['a folder of files', 'include: [./more/*.yaml]\n', 'more/some.yaml'],
  ])('of a small one that names %s, large, is done by a thread', async (_, include, name) => {
    await mkdir(join(folder, 'more'));
    await writeFile(join(folder, name), configuration(300).slice(configuration(300).indexOf('upstreams:')));
    await writeFile(file, configuration(1).replace(/upstreams:.*/s, include));
    for (const _edit of [1, 2]) {
      const there = await compile();
      expect(Object.keys(there.compiled?.graph.upstreams ?? {})).toHaveLength(300);
      expect(there.compiled).toEqual(compileInPlace(request()).compiled);
      expect(threads).toHaveLength(1);
    }
  });

  it('of a small one over which something large is laid is done by a thread', async () => {
    await writeFile(file, configuration(1));
    await writeFile(join(folder, 'over.yaml'), configuration(300));
    const { compiled } = await compiler.compile(
      { ...request(), overlays: [join(folder, 'over.yaml')] },
      [file],
      true,
    );
    expect(compiled?.graph.name).toBe('of-300');
    expect(threads).toHaveLength(1);
  });

  it('of a large one is done by a thread, one for all, and yields the same, edit after edit', async () => {
    for (const upstreams of [300, 299, 301]) {
      await writeFile(file, configuration(upstreams));
      const there = await compile();
      const here = compileInPlace(request());
      expect(there.compiled).toEqual(here.compiled);
      expect(there.diagnostics).toEqual(here.diagnostics);
      expect(there.files).toEqual(here.files);
      expect(there.artifact('1.2.3')).toEqual(here.artifact('1.2.3'));
    }
    expect(threads).toHaveLength(1);
  });

  it('tells findings with the text that they are in, and no graph', async () => {
    await writeFile(file, configuration(300, 'upstrem: {}\n'));
    const { compiled, diagnostics, textOf, artifact } = await compile();
    expect(compiled).toBeUndefined();
    expect(artifact('1.2.3')).toBeUndefined();
    expect(diagnostics).toEqual(compileInPlace(request()).diagnostics);
    expect(textOf(diagnostics[0]!.span.file)).toContain('upstrem');
    expect(threads).toHaveLength(1);
  });

  it('fails if its thread ends, and the next one has another', async () => {
    await writeFile(file, configuration(300));
    const failing = compile();
    await vi.waitFor(() => expect(threads).toHaveLength(1), { timeout: 10_000 });
    await threads[0]!.terminate();
    await expect(failing).rejects.toThrow('the thread that compiles ended');
    expect((await compile()).compiled?.graph.name).toBe('of-300');
    expect(threads).toHaveLength(2);
  });

  it('leaves the engine of all threads as it was where its own cannot begin, and the next one begins', async () => {
    await writeFile(file, configuration(300));
    begun.fails = true;
    begun.flags.length = 0;
    await expect(compile()).rejects.toThrow('no room for a thread');
    begun.fails = false;
    expect(begun.flags).toEqual(['--initial-old-space-size=256', '--initial-old-space-size=0']);
    expect((await compile()).compiled?.graph.name).toBe('of-300');
  });

  it('is given up when the gateway ends', async () => {
    await writeFile(file, configuration(300));
    const failing = expect(compile()).rejects.toThrow('the thread that compiles ended');
    await vi.waitFor(() => expect(threads).toHaveLength(1), { timeout: 10_000 });
    await compiler.close();
    await failing;
  });
});
