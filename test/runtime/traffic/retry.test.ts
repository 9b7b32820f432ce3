import { describe, expect, test } from 'vitest';
import { parseRetryAfterMs, retryDelayMs } from '../../../runtime/traffic/retry.ts';
import type { RetryNode } from '../../../schema/graph/upstream.ts';

const node = (changes: Partial<RetryNode> = {}): RetryNode => ({
  maxAttempts: 4,
  when: ['connect-error', 'http-503'],
  backoff: { baseMs: 100, maxMs: 300, jitter: 'full' },
  onlyIdempotent: true,
  ...changes,
});

const refused = { condition: 'http-503', sent: true, retryAfterMs: undefined } as const;
const half = (): number => 0.5;

describe('the delay before the next attempt', () => {
  test('doubles up to its bound, drawn between 0 and the bound', () => {
    expect([1, 2, 3].map((attempts) => retryDelayMs(node(), refused, attempts, true, half))).toEqual([
      50, 100, 150,
    ]);
    expect(retryDelayMs(node(), refused, 3, true, () => 0)).toBe(0);
  });

  test('is the bound itself without jitter', () => {
    const plain = node({ backoff: { baseMs: 100, maxMs: 300, jitter: 'none' } });
    expect([1, 2, 3].map((attempts) => retryDelayMs(plain, refused, attempts, true, half))).toEqual([
      100, 200, 300,
    ]);
  });

  test('there is none after the last attempt, or for a condition that is not named', () => {
    expect(retryDelayMs(node(), refused, 4, true, half)).toBeUndefined();
    expect(retryDelayMs(node(), { ...refused, condition: 'http-502' }, 1, true, half)).toBeUndefined();
    expect(retryDelayMs(node(), { ...refused, condition: undefined }, 1, true, half)).toBeUndefined();
  });

  test('what may have had an effect is repeated only where that is harmless, or allowed', () => {
    expect(retryDelayMs(node(), refused, 1, false, half)).toBeUndefined();
    expect(retryDelayMs(node({ onlyIdempotent: false }), refused, 1, false, half)).toBe(50);
    const unsent = { condition: 'connect-error', sent: false, retryAfterMs: undefined } as const;
    expect(retryDelayMs(node(), unsent, 1, false, half)).toBe(50);
  });

  test('is at least what the upstream asked for; an upstream that asks for more than the bound is left alone', () => {
    expect(retryDelayMs(node(), { ...refused, retryAfterMs: 250 }, 1, true, half)).toBe(250);
    expect(retryDelayMs(node(), { ...refused, retryAfterMs: 301 }, 1, true, half)).toBeUndefined();
  });
});

describe('Retry-After', () => {
  test('is seconds or a date', () => {
    expect(parseRetryAfterMs('3', 0)).toBe(3000);
    expect(parseRetryAfterMs('Thu, 01 Jan 1970 00:00:05 GMT', 2000)).toBe(3000);
    expect(parseRetryAfterMs('Thu, 01 Jan 1970 00:00:05 GMT', 9000)).toBe(0);
  });

  test('anything else is ignored', () => {
    for (const value of [undefined, '', '-1', '1.5', 'soon', '1e9', '99999999999999', '2026-01-01']) {
      expect(parseRetryAfterMs(value, 0), String(value)).toBeUndefined();
    }
  });
});
