import { expect, test } from 'vitest';
import { limitStates } from '../../../runtime/workers/limit-states.ts';
import type { ConcurrencyLimitNode } from '../../../schema/graph/limit.ts';

const limit = (name: string, key: readonly string[]): ConcurrencyLimitNode => ({
  kind: 'limit',
  type: 'concurrency',
  name,
  max: 3,
  queue: 0,
  queueTimeoutMs: 1000,
  key,
});

test('adds up what threads hold, and tells of a limit that is full only where it has one key', () => {
  const limits = {
    all: limit('all', []),
    each: limit('each', ['principal.id']),
    idle: limit('idle', []),
    size: { kind: 'limit', type: 'bounds', name: 'size' },
  } as const;
  const places = [
    { limit: 'all', held: 2, waiting: 0 },
    { limit: 'each', held: 9, waiting: 1 },
    { limit: 'all', held: 1, waiting: 4 },
    { limit: 'gone', held: 1, waiting: 0 },
  ];
  expect(limitStates(limits, places)).toEqual({
    all: { held: 3, waiting: 4, full: true },
    each: { held: 9, waiting: 1 },
    idle: { held: 0, waiting: 0, full: false },
    gone: { held: 1, waiting: 0 },
  });
});
