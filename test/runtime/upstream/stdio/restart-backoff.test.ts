import { expect, test } from 'vitest';
import { RestartBackoff } from '../../../../runtime/upstream/stdio/restart-backoff.ts';

test('waits 100 ms after a failure, twice as long after each further one, 30 s at most', () => {
  const backoff = new RestartBackoff();
  expect(backoff.waitMs(0)).toBe(0);
  const waits = Array.from({ length: 12 }, () => {
    backoff.failed(0);
    return backoff.waitMs(0);
  });
  expect(waits.slice(0, 4)).toEqual([100, 200, 400, 800]);
  expect(waits.at(-1)).toBe(30_000);
  expect(backoff.waitMs(29_999)).toBe(1);
  expect(backoff.waitMs(30_000)).toBe(0);
});

test('a success, or a life that was long enough, starts the row anew', () => {
  const backoff = new RestartBackoff();
  backoff.failed(0);
  backoff.failed(0);
  backoff.failed(0, 10_000);
  expect(backoff.waitMs(0)).toBe(100);
  backoff.failed(0);
  backoff.succeeded();
  expect(backoff.waitMs(0)).toBe(0);
  backoff.failed(0);
  expect(backoff.waitMs(0)).toBe(100);
});
