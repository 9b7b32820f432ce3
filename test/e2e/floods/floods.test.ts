/**
 * Each flood comes from other loopback addresses than a client that does no wrong: that one gets every answer, hardly
 * later than in quiet, and the process stays below its cap.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as http1 from './attacks.ts';
import { CAP_BYTES, FloodedGateway, type Target } from './flooded-gateway.ts';
import * as http2 from './http2-attacks.ts';

const MS = 50;

let flooded: FloodedGateway;
/** The healthy client's, when it was asked last without a flood. */
let quietMs: number;

beforeAll(async () => {
  flooded = await FloodedGateway.start();
  // The first calls are slower than any later ones.
  await flooded.healthyP99Ms();
  quietMs = await flooded.healthyP99Ms();
}, 60_000);
afterAll(() => flooded.close());

/** Floods, by what is sent too much of. */
const FLOODS: readonly (readonly [string, (target: Target) => http1.Attack])[] = [
  ['connections that say nothing whole', http1.halfOpen],
  ['headers', http1.hugeHeaders],
  ['bodies that do not come', http1.slowBodies],
  ['bodies that do not end', http1.heldBodies],
  ['readers that read nothing', http1.slowReaders],
  ['names that collide', http1.collidingNames],
  ['nesting', http1.deepJson],
  ['compressed bodies', http1.compressedBodies],
  ['compressed replies of an upstream', http1.compressedReplies],
  ['messages in one batch', http1.giantBatches],
  ['sessions', http1.sessions],
  ['subscriptions', http1.subscriptions],
  ['names that nobody has', http1.newNames],
  ['calls of one id', http1.sameIds],
  ['TLS handshakes', http2.handshakes],
  ['streams that are reset', http2.rapidReset],
  ['calls that hang, many on each connection that is cut', http2.hangingCalls],
  ['continued headers', http2.continuations],
  ['settings', http2.settings],
  ['pings', http2.pings],
];

describe('a flood of', () => {
  it.each(FLOODS)('[UPC-11] %s hurts nobody else', { timeout: 60_000 }, async (name, start) => {
    const beforeMs = quietMs;
    await flooded.peakBytes();
    const before = http1.arrivals();
    const attack = start(flooded.target);
    const p99Ms = await flooded.healthyP99Ms().finally(() => attack.stop());
    const peakBytes = await flooded.peakBytes();
    const times = http1.arrivals() - before;
    quietMs = await flooded.healthyP99Ms();
    // Others use the machine as well: what it is without the flood is between what it was before and is after.
    const betweenMs = (beforeMs + quietMs) / 2;
    console.info(
      `${name}: p99 ${p99Ms.toFixed(1)} ms (quiet ${beforeMs.toFixed(1)} and ${quietMs.toFixed(1)}), ${peakBytes >> 20} MiB, ${times} times`,
    );
    expect(p99Ms).toBeLessThanOrEqual(Math.max(2 * betweenMs, betweenMs + MS));
    expect(peakBytes).toBeLessThan(CAP_BYTES);
    expect(times).toBeGreaterThan(0);
  });

  it('names leaves the metrics as small as they were, and the log with one line for each request', async () => {
    const metrics = await flooded.metrics();
    expect(metrics.length).toBeLessThan(64 * 1024);
    expect(metrics).not.toContain('made/up');
    expect(metrics).not.toContain('tool-1');
    expect(flooded.log.split('\n').filter(({ length }) => length > 4096)).toEqual([]);
  });
});
