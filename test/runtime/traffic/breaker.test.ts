import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  BREAKER_BYTES,
  type Breaker,
  type BreakerState,
  createBreaker,
} from '../../../runtime/traffic/breaker.ts';
import type { BreakerNode } from '../../../schema/graph/upstream.ts';

const changes: BreakerState[] = [];
let breaker: Breaker;

const create = (node: Partial<BreakerNode>): Breaker => {
  breaker = createBreaker(
    { windowMs: 10_000, minimumCalls: 10, openForMs: 30_000, ...node },
    { onChange: (state) => changes.push(state) },
  );
  return breaker;
};

const fail = (times: number): void => {
  for (let index = 0; index < times; index += 1) breaker.failure(breaker.admit(), 'connect');
};

const succeed = (times: number): void => {
  for (let index = 0; index < times; index += 1) breaker.success(breaker.admit());
};

beforeEach(() => {
  vi.useFakeTimers();
  changes.length = 0;
});

afterEach(() => {
  breaker.close();
  vi.useRealTimers();
});

describe('a breaker', () => {
  test('opens after so many failures in a row, and a success breaks the row', () => {
    create({ consecutive: 3 });
    fail(2);
    succeed(1);
    fail(2);
    expect(breaker.state).toBe('closed');
    fail(1);
    expect(breaker.state).toBe('open');
    expect(breaker.admit()).toBe(0);
    expect(changes).toEqual(['open']);
  });

  test('opens at its share of failures, from the least number of calls on', () => {
    create({ errorRate: 0.5 });
    fail(9);
    expect(breaker.state).toBe('closed');
    fail(1);
    expect(breaker.state).toBe('open');
    breaker.close();
    create({ errorRate: 0.5 });
    succeed(10);
    fail(9);
    expect(breaker.state).toBe('closed');
    fail(1);
    expect(breaker.state).toBe('open');
  });

  test('failures older than the window do not count', () => {
    create({ errorRate: 0.5 });
    fail(9);
    vi.advanceTimersByTime(11_000);
    succeed(9);
    fail(1);
    expect(breaker.state).toBe('closed');
  });

  test('lets one probe through after its time; success closes it', () => {
    create({ consecutive: 1 });
    fail(1);
    vi.advanceTimersByTime(29_999);
    expect(breaker.admit()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(breaker.state).toBe('half-open');
    const probe = breaker.admit();
    expect(probe).not.toBe(0);
    expect(breaker.admit()).toBe(0);
    breaker.success(probe);
    expect(breaker.state).toBe('closed');
    expect(changes).toEqual(['open', 'half-open', 'closed']);
  });

  test('a probe that fails opens it for as long again', () => {
    create({ consecutive: 5 });
    fail(5);
    vi.advanceTimersByTime(30_000);
    breaker.failure(breaker.admit(), 'timeout');
    expect(breaker.state).toBe('open');
    vi.advanceTimersByTime(29_999);
    expect(breaker.admit()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(breaker.admit()).not.toBe(0);
  });

  test('a probe that is taken back makes way for another', () => {
    create({ consecutive: 1 });
    fail(1);
    vi.advanceTimersByTime(30_000);
    breaker.release(breaker.admit());
    expect(breaker.admit()).not.toBe(0);
  });

  test('outcomes of calls from before the change do not move it', () => {
    create({ consecutive: 1 });
    const slow = [breaker.admit(), breaker.admit()];
    fail(1);
    vi.advanceTimersByTime(30_000);
    breaker.success(slow[0]!);
    expect(breaker.state).toBe('half-open');
    breaker.failure(slow[1]!, 'timeout');
    expect(breaker.state).toBe('half-open');
  });

  test('tells a refused caller when to come back', () => {
    create({ consecutive: 1 });
    fail(1);
    vi.advanceTimersByTime(10_000);
    const refusal = breaker.refusal();
    expect(refusal).toMatchObject({ code: 'breaker_open' });
    expect(refusal.retryAfterMs).toBeGreaterThan(19_000);
    expect(refusal.retryAfterMs).toBeLessThanOrEqual(20_000);
  });

  test('leaves no timer behind when it is closed', () => {
    create({ consecutive: 1 });
    fail(1);
    breaker.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(breaker.admit()).toBe(0);
  });
});

test('an open breaker refuses within microseconds', () => {
  vi.useRealTimers();
  create({ consecutive: 1 });
  fail(1);
  const started = process.cpuUsage();
  for (let index = 0; index < 10_000; index += 1) {
    if (breaker.admit() !== 0) throw new Error('it was admitted');
  }
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 10_000).toBeLessThan(50);
});

describe('a breaker that threads share', () => {
  const share = (node: Partial<BreakerNode>): [Breaker, Breaker] => {
    const memory = new SharedArrayBuffer(BREAKER_BYTES);
    const full = { windowMs: 10_000, minimumCalls: 10, openForMs: 30_000, ...node };
    const make = (holder: number) =>
      createBreaker(full, { memory, holder, onChange: (state) => changes.push(state) });
    breaker = make(1);
    return [breaker, make(2)];
  };

  test('counts the failures of all, and opens for all; the change is told once', () => {
    const [one, other] = share({ consecutive: 4 });
    for (const each of [one, other, one]) each.failure(each.admit(), 'connect');
    expect(other.state).toBe('closed');
    other.failure(other.admit(), 'connect');
    expect([one.state, other.state]).toEqual(['open', 'open']);
    expect([one.admit(), other.admit()]).toEqual([0, 0]);
    expect(one.refusal().retryAfterMs).toBe(30_000);
    expect(changes).toEqual(['open']);
  });

  test('lets one probe of one thread through', () => {
    const [one, other] = share({ consecutive: 1 });
    one.failure(one.admit(), 'connect');
    vi.advanceTimersByTime(30_000);
    const probe = other.admit();
    expect(probe).not.toBe(0);
    expect(one.admit()).toBe(0);
    other.success(probe);
    expect(one.state).toBe('closed');
    expect(one.admit()).not.toBe(0);
    expect(changes).toEqual(['open', 'half-open', 'closed']);
  });

  test('does not wait for ever for a probe whose thread has ended', () => {
    const [one, other] = share({ consecutive: 1 });
    one.failure(one.admit(), 'connect');
    vi.advanceTimersByTime(30_000);
    expect(other.admit()).not.toBe(0);
    vi.advanceTimersByTime(29_999);
    expect(one.admit()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(one.admit()).not.toBe(0);
  });
});
