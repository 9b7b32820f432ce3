import { getHeapStatistics } from 'node:v8';
import { afterEach, expect, it, vi } from 'vitest';
import { residentBytes } from '../../runtime/resident-memory.ts';

afterEach(() => vi.restoreAllMocks());

it('tells what the process has in RAM', () => {
  expect(residentBytes()).toBeGreaterThan(getHeapStatistics().used_heap_size);
});

it('tells what the engine has where the system does not say', () => {
  const resident = residentBytes();
  vi.spyOn(process.memoryUsage, 'rss').mockImplementation(() => {
    throw new Error('ENOENT: no such file or directory, uv_resident_set_memory');
  });
  expect(residentBytes()).toBeGreaterThanOrEqual(getHeapStatistics().used_heap_size);
  expect(residentBytes()).toBeLessThan(2 * resident);
});
