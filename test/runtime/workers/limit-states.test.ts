import { expect, test } from 'vitest';
import { limitStates } from '../../../runtime/workers/limit-states.ts';
import type { ConcurrencyLimitNode, QuotaLimitNode } from '../../../schema/graph/limit.ts';

const limit = (name: string, key: readonly string[]): ConcurrencyLimitNode => ({
  kind: 'limit',
  type: 'concurrency',
  name,
  max: 3,
  queue: 0,
  queueTimeoutMs: 1000,
  key,
});

const daily: QuotaLimitNode = {
  kind: 'limit',
  type: 'quota',
  name: 'daily',
  count: 10,
  windowMs: 86_400_000,
  key: [],
};

test('adds up what threads hold and refuse, and tells of a limit that is full only where it has one key', () => {
  const limits = {
    all: limit('all', []),
    each: limit('each', ['principal.id']),
    idle: limit('idle', []),
    size: { kind: 'limit', type: 'bounds', name: 'size' },
    daily,
  } as const;
  const places = [
    { limit: 'all', held: 2, waiting: 0 },
    { limit: 'each', held: 9, waiting: 1 },
    { limit: 'all', held: 1, waiting: 4 },
    { limit: 'gone', held: 1, waiting: 0 },
  ];
  const refused = [
    { all: 2, gone: 7 },
    { all: 3, daily: 1 },
  ];
  const fill = { keys: 1, fullest: [{ key: 'all', used: 1 }] };
  const type = 'concurrency';
  expect(limitStates(limits, { places, refused, fills: { daily: fill }, inStore: false })).toEqual({
    all: { type, held: 3, waiting: 4, full: true, refusedLastMinute: 5 },
    each: { type, held: 9, waiting: 1, refusedLastMinute: 0 },
    idle: { type, held: 0, waiting: 0, full: false, refusedLastMinute: 0 },
    gone: { held: 1, waiting: 0 },
    daily: { type: 'quota', ...fill, refusedLastMinute: 1 },
  });
});

test('tells of what a store counts that it does', () => {
  const told = limitStates(
    { daily, all: limit('all', []) },
    { places: [], refused: [], fills: {}, inStore: true },
  );
  expect(told).toEqual({
    daily: { type: 'quota', inStore: true, refusedLastMinute: 0 },
    all: { type: 'concurrency', held: 0, waiting: 0, full: false, refusedLastMinute: 0 },
  });
});
