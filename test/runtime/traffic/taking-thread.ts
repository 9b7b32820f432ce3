import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** How often a thread of its own that takes from a shared limit by `program` was let through, by key. */
export const takenBy = async (program: string, data: object): Promise<Record<string, number>> => {
  const worker = new Worker(new URL(`./fixtures/${program}.ts`, import.meta.url), { workerData: data });
  const [passed] = await once(worker, 'message');
  await worker.terminate();
  return passed;
};
