import { expect, test } from 'vitest';
import type { Link } from '../../../runtime/upstream/link.ts';
import { createUpstream } from '../../../runtime/upstream/upstream.ts';
import type { RetryNode } from '../../../schema/graph/upstream.ts';
import { type Fate, startCountingUpstream } from '../../support/counting-upstream.ts';
import { httpNode, TIMEOUTS, testContext } from './test-context.ts';

/** Calls that may have an effect, and behind them some that are harmless: they show that there is something that repeats. */
const EFFECTIVE = 100_000;
const CALLS = EFFECTIVE + 1000;
const CALLERS = 64;

/** Every condition, every kind of retry, and no budget that would end them. */
const RETRY: RetryNode = {
  maxAttempts: 4,
  when: ['connect-error', 'http-429', 'http-502', 'http-503', 'http-504'],
  backoff: { baseMs: 1, maxMs: 2, jitter: 'full' },
  onlyIdempotent: true,
  hedge: { afterMs: 5, max: 1 },
};

const FAULTS: readonly Fate[] = [
  'answered late',
  'answered and closed',
  'closed before it is executed',
  'closed after it was executed',
  'cut off within the answer',
  'refused with 503 before it is executed',
  'refused with 503 after it was executed',
];

/** Of sixteen requests one meets a fault; the numbers of a linear congruence, so that a failure can be had again. */
const fates = (): (() => Fate) => {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 28 === 0 ? FAULTS[(state >>> 16) % FAULTS.length]! : 'answered';
  };
};

const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';

/** Makes each of the calls from `from` on that is one caller's; resolves to how many failed. */
const caller = async (link: Link, from: number): Promise<number> => {
  let failed = 0;
  for (let n = from; n < CALLS; n += CALLERS) {
    const id = link.nextId();
    const body = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"charge","arguments":{"n":${n}},${META}}}`;
    const headers = ['mcp-method', 'tools/call', 'mcp-name', 'charge'];
    await new Promise<void>((resolve) => {
      link.request(
        { id, method: 'tools/call', body, headers, idempotent: n >= EFFECTIVE },
        {
          onStream: () => undefined,
          onSuspend: () => undefined,
          onMessage: () => undefined,
          onResponse: () => resolve(),
          onError: () => {
            failed += 1;
            resolve();
          },
        },
      );
    });
  }
  return failed;
};

test('[RATE-04] of 100,000 calls that may have an effect none is executed twice, whatever breaks; harmless ones are', {
  timeout: 120_000,
}, async () => {
  const counting = await startCountingUpstream(2, CALLS, fates());
  const node = httpNode('', {
    endpoints: counting.urls,
    balance: 'round-robin',
    health: { everyMs: 60_000, unhealthyAfter: 1000 },
    era: 'modern',
    connections: 64,
    timeouts: { ...TIMEOUTS, connectMs: 2000 },
    retry: RETRY,
  });
  const context = testContext();
  const upstream = createUpstream(node, context);
  const link = await upstream.modern();
  const failed = await Promise.all(Array.from({ length: CALLERS }, (_, at) => caller(link, at)));
  await upstream.close();
  await counting.close();
  const twice = [...counting.executions.keys()].filter((n) => counting.executions[n]! > 1);
  expect(twice.filter((n) => n < EFFECTIVE)).toEqual([]);
  expect(twice.length).toBeGreaterThan(0);
  expect(context.observed.filter((each) => each.startsWith('retry')).length).toBeGreaterThan(0);
  const executed = counting.executions.reduce((sum, times) => sum + Math.min(times, 1), 0);
  expect(executed).toBeGreaterThan(0.97 * CALLS);
  expect(failed.reduce((sum, each) => sum + each, 0)).toBeLessThan(0.08 * CALLS);
});
