/** Imported into a gateway (`--import`): at SIGUSR2 its first thread that serves hangs, as on a lock that nobody frees. */
import { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads';

const orders = new BroadcastChannel('hang');
orders.unref();

if (isMainThread) process.on('SIGUSR2', () => orders.postMessage(0));
else
  orders.onmessage = ({ data }) => {
    if ((workerData as { readonly place: number }).place === data)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
