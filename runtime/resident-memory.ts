import { getHeapStatistics } from 'node:v8';

/**
 * What the process has in RAM, bytes. Where the system does not tell, as in a root file system without /proc, what the
 * engine knows of: less than it is, by the program itself and what other threads have.
 */
export const residentBytes = (): number => {
  try {
    return process.memoryUsage.rss();
  } catch {
    const { total_physical_size, malloced_memory, external_memory } = getHeapStatistics();
    return total_physical_size + malloced_memory + external_memory;
  }
};
