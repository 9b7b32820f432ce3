import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FSWatcher } from 'chokidar';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { snapshotOf } from '../../../runtime/reload/snapshot.ts';
import { watchedPaths } from '../../../runtime/reload/watched-paths.ts';
import { Watcher } from '../../../runtime/reload/watcher.ts';

let folder: string;
let file: string;
let watcher: Watcher | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-watch-'));
  file = join(folder, 'gateway.yaml');
});

afterEach(async () => {
  await watcher?.close();
  await rm(folder, { recursive: true });
});

interface Changes {
  /** Resolves with the milliseconds from the call to the next reported change. */
  next(): Promise<number>;
  /** From here on what the file holds now is what is compared with. */
  accept(): Promise<void>;
  readonly count: number;
}

/** Watches `paths`; without `poll` only events count. */
const watchFiles = async (paths: readonly string[], poll = false): Promise<Changes> => {
  let count = 0;
  let waiting: (() => void) | undefined;
  const created = new Watcher({
    onChange: () => {
      count += 1;
      waiting?.();
    },
    times: { settleMs: 20, pollMs: poll ? 50 : 3_600_000 },
  });
  watcher = created;
  await created.watch(await snapshotOf(paths));
  return {
    next: async () => {
      const startedMs = performance.now();
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = resolve;
      await promise;
      return performance.now() - startedMs;
    },
    accept: async () => await created.watch(await snapshotOf(paths)),
    get count() {
      return count;
    },
  };
};

/** What a kubelet does: a new folder, then one rename of the link that leads to it. */
const swapConfigMap = async (version: string, text: string): Promise<void> => {
  await mkdir(join(folder, `..${version}`));
  await writeFile(join(folder, `..${version}`, 'gateway.yaml'), text);
  await symlink(`..${version}`, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
};

describe('the watcher', () => {
  it('sees saves in place, each of them', async () => {
    await writeFile(file, 'one');
    const changes = await watchFiles([file]);
    for (const text of ['two', 'three']) {
      const seen = changes.next();
      await writeFile(file, text);
      await seen;
      await changes.accept();
    }
  });

  it('sees a rename over the file, each of them', async () => {
    await writeFile(file, 'one');
    const changes = await watchFiles([file]);
    for (const text of ['two', 'three', 'four']) {
      await writeFile(join(folder, 'gateway.yaml.new'), text);
      const seen = changes.next();
      await rename(join(folder, 'gateway.yaml.new'), file);
      await seen;
      await changes.accept();
    }
  });

  it('sees every swap of a ConfigMap, where the file itself never gets an event', async () => {
    await swapConfigMap('1', 'one');
    await symlink('..data/gateway.yaml', file);
    const changes = await watchFiles([file]);
    for (const version of ['2', '3', '4']) {
      const seen = changes.next();
      await swapConfigMap(version, `version ${version}`);
      await seen;
      await changes.accept();
      await rm(join(folder, `..${Number(version) - 1}`), { recursive: true });
    }
  });

  it('sees a file that is deleted and one that comes back', async () => {
    await writeFile(file, 'one');
    const changes = await watchFiles([file]);
    let seen = changes.next();
    await rm(file);
    await seen;
    await changes.accept();
    seen = changes.next();
    await writeFile(file, 'one');
    await seen;
  });

  it('sees a change of any of several files in different folders', async () => {
    await mkdir(join(folder, 'secrets'));
    const secret = join(folder, 'secrets', 'token');
    await writeFile(file, 'one');
    await writeFile(secret, 'a');
    const changes = await watchFiles([file, secret]);
    const seen = changes.next();
    await writeFile(secret, 'b');
    await seen;
  });

  it('says nothing of a file that is written with the same bytes, or of its neighbours', async () => {
    await writeFile(file, 'one');
    const changes = await watchFiles([file]);
    // It is at no moment empty.
    await writeFile(file, 'one', { flag: 'r+' });
    await writeFile(join(folder, 'other.yaml'), 'x');
    const seen = changes.next();
    await writeFile(file, 'two', { flag: 'r+' });
    await seen;
    expect(changes.count).toBe(1);
  });

  it('reports a burst of a hundred writes once it is over, or at the cap', async () => {
    await writeFile(file, 'start');
    const changes = await watchFiles([file]);
    const seen = changes.next();
    for (let index = 0; index < 100; index += 1) await writeFile(file, `write ${index}`);
    await seen;
    await changes.accept();
    expect(changes.count).toBeLessThanOrEqual(2);
  });

  it('notices what changed between the reading of the files and the watching', async () => {
    await writeFile(file, 'one');
    const before = await snapshotOf([file]);
    await writeFile(file, 'two');
    const { promise, resolve } = Promise.withResolvers<void>();
    watcher = new Watcher({ onChange: resolve, times: { pollMs: 3_600_000 } });
    await watcher.watch(before);
    await promise;
  });

  it('notices by comparison what no event tells', async () => {
    // The folder is replaced: the one that is watched is another.
    const inner = join(folder, 'inner');
    await mkdir(inner);
    await writeFile(join(inner, 'gateway.yaml'), 'one');
    const changes = await watchFiles([join(inner, 'gateway.yaml')], true);
    const seen = changes.next();
    await mkdir(join(folder, 'next'));
    await writeFile(join(folder, 'next', 'gateway.yaml'), 'two');
    await rename(inner, join(folder, 'old'));
    await rename(join(folder, 'next'), inner);
    await seen;
  });

  /** Every event that is read of `where` brings another, up to 10,000; tells how many there were. */
  const floodOf = (where: string) => {
    const MAX_EVENTS = 10_000;
    let events = 0;
    const { emit } = FSWatcher.prototype;
    const spy = vi.spyOn(FSWatcher.prototype, 'emit').mockImplementation(function (this: FSWatcher, ...args) {
      if (args[0] === 'raw' && events < MAX_EVENTS) {
        events += 1;
        writeFileSync(join(where, `neighbour-${events % 2}`), String(events));
      }
      return emit.apply(this, args);
    });
    const begun = async (): Promise<void> => {
      await writeFile(join(where, 'neighbour-0'), '');
      await expect.poll(() => events).toBeGreaterThan(100);
      expect(events).toBeLessThan(MAX_EVENTS);
    };
    return { begun, events: () => events, [Symbol.dispose]: () => spy.mockRestore() };
  };

  it('gives others their turn where each event that is read brings another, and sees what changes then', async () => {
    await writeFile(file, 'one');
    const changes = await watchFiles([file]);
    {
      using flood = floodOf(folder);
      await flood.begun();
      const seen = changes.next();
      await writeFile(file, 'two');
      await seen;
    }
    await changes.accept();
    const seen = changes.next();
    await writeFile(file, 'three');
    await seen;
  });

  it('hears nothing of the folder above its own, and no more than of its own while that is gone', async () => {
    const inner = join(folder, 'inner');
    await mkdir(inner);
    await writeFile(join(inner, 'gateway.yaml'), 'one');
    const changes = await watchFiles([join(inner, 'gateway.yaml')], true);
    using flood = floodOf(folder);
    for (let at = 0; at < 1_000; at += 1) writeFileSync(join(folder, `neighbour-${at % 2}`), String(at));
    await new Promise((resolve) => setImmediate(resolve));
    expect(flood.events()).toBe(0);

    let seen = changes.next();
    await rm(inner, { recursive: true });
    await seen;
    await changes.accept();
    await flood.begun();
    seen = changes.next();
    await mkdir(inner);
    await writeFile(join(inner, 'gateway.yaml'), 'two');
    await seen;
  });

  it('reports nothing after it was closed', async () => {
    await writeFile(file, 'one');
    const changes = await watchFiles([file], true);
    await watcher?.close();
    await writeFile(file, 'two');
    await new Promise((resolve) => setImmediate(resolve));
    expect(changes.count).toBe(0);
  });
});

describe('the paths to watch', () => {
  it('are the file and every link on the way to it', async () => {
    await swapConfigMap('1', 'one');
    await symlink('..data/gateway.yaml', file);
    const { entries, directories } = await watchedPaths([file]);
    expect([...entries].map((entry) => entry.slice(folder.length + 1)).sort()).toEqual([
      '..1/gateway.yaml',
      '..data',
      'gateway.yaml',
    ]);
    expect([...directories].sort()).toEqual([folder, join(folder, '..1')]);
  });

  it('end at the first name that is missing', async () => {
    const { directories } = await watchedPaths([join(folder, 'no', 'such', 'gateway.yaml')]);
    expect([...directories]).toEqual([folder]);
  });

  it('do not follow links in a circle for ever', async () => {
    await symlink('b', join(folder, 'a'));
    await symlink('a', join(folder, 'b'));
    expect((await watchedPaths([join(folder, 'a')])).entries.size).toBe(2);
  });
});
