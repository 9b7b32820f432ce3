/**
 * Imported into a gateway (`--import`): at SIGUSR2 its first thread that serves hangs, as on a lock that nobody frees. It
 * says so on standard error just before. With HANG_MS in the environment it goes on after as many milliseconds.
 */
import { writeSync } from 'node:fs';
import { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads';

const HANG_MS = Number(process.env.HANG_MS ?? Number.POSITIVE_INFINITY);

const orders = new BroadcastChannel('hang');
orders.unref();

if (isMainThread) process.on('SIGUSR2', () => orders.postMessage(0));
else
  orders.onmessage = ({ data }) => {
    if ((workerData as { readonly place: number }).place !== data) return;
    // By itself: what it gives to `process.stderr` its process writes, once that has the time.
    writeSync(2, 'this thread hangs\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HANG_MS);
  };
