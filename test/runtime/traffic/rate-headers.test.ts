import { expect, test } from 'vitest';
import { rateHeaders } from '../../../runtime/traffic/rate-headers.ts';
import type { RateLimitNode } from '../../../schema/graph/limit.ts';

const node = (name: string, count: number, periodMs: number): RateLimitNode => ({
  kind: 'limit',
  type: 'rate',
  name,
  count,
  periodMs,
  burst: count,
  key: [],
});

test('one item for each limit, in seconds rounded up', () => {
  const headers = rateHeaders([
    {
      node: node('per-user', 600, 60_000),
      verdict: { allowed: true, remaining: 12, resetAfterMs: 2001, retryAfterMs: 0 },
    },
    {
      node: node('per-tool', 10, 1000),
      verdict: { allowed: false, remaining: 0, resetAfterMs: 1000, retryAfterMs: 100 },
    },
  ]);
  expect(headers).toEqual([
    'ratelimit-policy',
    '"per-user";q=600;w=60, "per-tool";q=10;w=1',
    'ratelimit',
    '"per-user";r=12;t=3, "per-tool";r=0;t=1',
  ]);
});

test('no name can break out of its item', () => {
  const verdict = { allowed: true, remaining: 1, resetAfterMs: 0, retryAfterMs: 0 };
  const [, policy] = rateHeaders([{ node: node('a"\\;b\r\nset-cookie: x', 1, 1000), verdict }]);
  expect(policy).toBe('"a\\"\\\\;b??set-cookie: x";q=1;w=1');
});
