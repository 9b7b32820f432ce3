/** Imported into a gateway (`--import`): at SIGUSR2 its first thread that serves ends, as by a fault. */
import { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads';

const orders = new BroadcastChannel('end');
orders.unref();

if (isMainThread) process.on('SIGUSR2', () => orders.postMessage(0));
else
  orders.onmessage = ({ data }) => {
    // In a thread it ends that alone.
    if ((workerData as { readonly place: number }).place === data) process.exit(1);
  };
