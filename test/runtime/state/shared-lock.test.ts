import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { releaseOf, SharedLock } from '../../../runtime/state/shared-lock.ts';

const COUNT = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData.module).then(({ SharedLock }) => {
  const { words, holder, times } = workerData;
  const lock = new SharedLock(words, 0, holder);
  for (let index = 0; index < times; index += 1) {
    lock.acquire();
    words[1] = words[1] + 1;
    lock.release();
  }
  parentPort.postMessage('done');
});`;

const MODULE = new URL('../../../runtime/state/shared-lock.ts', import.meta.url).href;

describe('a lock in shared memory', () => {
  test('lets one thread in at a time', async () => {
    const words = new Int32Array(new SharedArrayBuffer(8));
    const count = async (holder: number): Promise<void> => {
      const worker = new Worker(COUNT, {
        eval: true,
        workerData: { module: MODULE, words, holder, times: 100_000 },
      });
      await once(worker, 'message');
      await worker.terminate();
    };
    await Promise.all([count(1), count(2), count(3)]);
    expect(words[1]).toBe(300_000);
    expect(words[0]).toBe(0);
  }, 60_000);

  test('that a thread took to its grave is freed in its name, and in no other', () => {
    const words = new Int32Array(new SharedArrayBuffer(4));
    new SharedLock(words, 0, 7).acquire();
    releaseOf(words, 0, 6);
    expect(words[0]).toBe(7);
    releaseOf(words, 0, 7);
    new SharedLock(words, 0, 6).acquire();
    releaseOf(words, 0, 7);
    expect(words[0]).toBe(6);
  });
});
