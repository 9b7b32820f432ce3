/**
 * Each flood comes from other loopback addresses than a client that does no wrong: that one gets every answer, hardly
 * later than in quiet, and the process stays below its cap.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as http1 from './attacks.ts';
import { CAP_BYTES, FloodedGateway, type Target } from './flooded-gateway.ts';
import * as http2 from './http2-attacks.ts';

const MS = 50;
/** So long a flood goes on at most until it meets what holds it. */
const WITHIN_MS = 15_000;

let flooded: FloodedGateway;
/** The healthy client's, when it was asked last without a flood. */
let quietMs: number;

beforeAll(async () => {
  flooded = await FloodedGateway.start();
  // The first calls are slower than any later ones.
  await flooded.healthyP99Ms();
  quietMs = await flooded.healthyP99Ms();
}, 120_000);
afterAll(() => flooded.close());

const replied = (status: number, listener = 'main'): string =>
  `gatewright_http_responses_total{listener="${listener}",status="${status}"}`;
const unread = (status: number, listener = 'main'): string =>
  `gatewright_bad_requests_total{listener="${listener}",status="${status}"}`;
const cutOff = (reason: string, listener = 'main'): string =>
  `gatewright_connections_refused_total{listener="${listener}",reason="${reason}"}`;
const ended = (method: string, outcome: string): string =>
  `gatewright_requests_total{server="main",method="${method}",outcome="${outcome}"}`;

/** Floods, by what is sent too much of, and which series tells that what holds it was met. */
const FLOODS: readonly (readonly [string, (target: Target) => http1.Attack, string])[] = [
  ['connections that say nothing whole', http1.halfOpen, unread(408)],
  ['connections of one address', http1.oneAddress, cutOff('max_per_address')],
  ['connections of all addresses', http1.allConnections, cutOff('max')],
  ['headers', http1.hugeHeaders, unread(431)],
  ['bodies that do not come', http1.slowBodies, ended('', 'body_timeout')],
  ['bodies that do not end', http1.heldBodies, replied(503)],
  ['readers that read nothing', http1.slowReaders, ended('tools/call', 'slow_reader')],
  ['names that collide', http1.collidingNames, replied(400)],
  ['nesting', http1.deepJson, replied(400)],
  ['compressed bodies', http1.compressedBodies, replied(415)],
  ['compressed replies of an upstream', http1.compressedReplies, ended('tools/call', 'upstream_protocol')],
  ['messages in one batch', http1.giantBatches, replied(400)],
  ['sessions', http1.sessions, ended('initialize', 'too_many_sessions')],
  ['subscriptions', http1.subscriptions, ended('subscriptions/listen', 'too_many_subscriptions')],
  ['names that nobody has', http1.newNames, ended('tools/call', 'unknown_target')],
  ['calls of one id', http1.sameIds, replied(200)],
  ['calls of one id in a session', http1.sameIdsInSession, ended('tools/call', 'invalid_request')],
  ['TLS handshakes', http2.handshakes, cutOff('handshakes', 'secure')],
  ['streams that are reset', http2.rapidReset, unread(0, 'secure')],
  [
    'calls that hang, many on each connection that is cut',
    http2.hangingCalls,
    ended('tools/call', 'aborted'),
  ],
  ['continued headers', http2.continuations, unread(0, 'secure')],
  ['settings', http2.settings, unread(0, 'secure')],
  ['pings', http2.pings, unread(0, 'secure')],
];

describe('a flood of', () => {
  it.each(FLOODS)('[UPC-11] %s hurts nobody else', { timeout: 180_000 }, async (name, start, bound) => {
    const beforeMs = quietMs;
    await flooded.peakBytes();
    const before = http1.arrivals();
    const count = async (): Promise<number> => (await flooded.samples()).get(bound) ?? 0;
    const boundBefore = await count();
    const attack = start(flooded.target);
    const startedMs = performance.now();
    let p99Ms: number;
    try {
      p99Ms = await flooded.healthyP99Ms();
      while ((await count()) === boundBefore && performance.now() - startedMs < WITHIN_MS)
        await flooded.healthyP99Ms();
      p99Ms = Math.max(p99Ms, await flooded.healthyP99Ms());
    } finally {
      await attack.stop();
    }
    const lastedMs = performance.now() - startedMs;
    const peakBytes = await flooded.peakBytes();
    const times = http1.arrivals() - before;
    const met = (await count()) - boundBefore;
    quietMs = await flooded.healthyP99Ms();
    // Others use the machine as well: what it is without the flood is between what it was before and is after.
    const betweenMs = (beforeMs + quietMs) / 2;
    console.info(
      `${name}: p99 ${p99Ms.toFixed(1)} ms (quiet ${beforeMs.toFixed(1)} and ${quietMs.toFixed(1)}), ${peakBytes >> 20} MiB, ${times} times in ${Math.round(lastedMs)} ms, bound met ${met} times`,
    );
    expect(p99Ms).toBeLessThanOrEqual(Math.max(2 * betweenMs, betweenMs + MS));
    expect(peakBytes).toBeLessThan(CAP_BYTES);
    expect(times).toBeGreaterThan(0);
    expect(met).toBeGreaterThan(0);
  });

  it('names leaves the metrics as small as they were, and the log with one line for each request', async () => {
    const series = [...(await flooded.samples()).keys()];
    expect(series.length).toBeLessThan(700);
    expect(series.filter((one) => /made\/up|tool-\d/.test(one))).toEqual([]);
    expect(flooded.log.split('\n').filter(({ length }) => length > 4096)).toEqual([]);
  });
});
