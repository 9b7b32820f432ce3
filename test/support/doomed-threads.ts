/**
 * Imported into a gateway (`--import`): threads that `doomed.json` in its folder names end as soon as they have begun, so
 * many of them, and at SIGUSR2 all that run do; then there is a file `ended`.
 */
import { channel } from 'node:diagnostics_channel';
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread, type Worker } from 'node:worker_threads';

/** Which threads, and how many of them still. */
export interface Doomed {
  readonly name: 'compile' | 'serving' | '';
  readonly left: number;
}

const FILE = 'doomed.json';

if (isMainThread) {
  const started: Worker[] = [];
  channel('worker_threads').subscribe((message) => {
    const { worker } = message as { readonly worker: Worker };
    started.push(worker);
    worker.once('online', () => {
      const { name, left } = JSON.parse(readFileSync(FILE, 'utf8')) as Doomed;
      if (worker.threadName !== name || left === 0) return;
      writeFileSync(FILE, JSON.stringify({ name, left: left - 1 }));
      void worker.terminate();
    });
  });
  process.on('SIGUSR2', () => {
    void Promise.all(started.map((worker) => worker.terminate())).then(() => writeFileSync('ended', ''));
  });
}
