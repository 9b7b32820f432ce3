import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

/** How long clients race; longer if it is asked for. */
const RACE_MS = Number(process.env.GATEWRIGHT_RACE_SECONDS ?? 4) * 1000;
const CLIENTS = 20;
/** A client that was refused comes back so soon, so that the machine has time for the others. */
const PAUSE_MS = 10;

let upstream: FastUpstream;
beforeEach(async () => {
  upstream = await startToolUpstream('tracker', ['echo']);
});
afterEach(() => upstream.close());

const BODY = modernBody('tools/call', { name: 'echo', arguments: {} });
const HEADERS = modernHeaders('tools/call', { name: 'echo' }, {});

/** The status of one call. */
const call = (url: string, agent: Agent): Promise<number> =>
  new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent, headers: HEADERS }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    });
    outgoing.on('error', reject).end(BODY);
  });

interface Race {
  readonly admitted: number;
  readonly refused: number;
  /** Nothing was counted before the first, and something after the second. */
  readonly beganMs: readonly [number, number];
  /** When the last call was sent that was refused: then, or later, nothing was left. */
  readonly emptyMs: number;
  readonly endedMs: number;
}

/** What becomes of the calls of clients that call as fast as they may, on connections that come and go. */
const race = async (url: string): Promise<Race> => {
  let [admitted, refused, answeredMs, emptyMs] = [0, 0, 0, 0];
  const startMs = performance.now();
  const one = async (agent: Agent): Promise<void> => {
    const sentMs = performance.now();
    const status = await call(url, agent);
    if (answeredMs === 0) answeredMs = performance.now();
    if (status === 200) {
      admitted += 1;
      return;
    }
    expect(status).toBe(429);
    refused += 1;
    emptyMs = Math.max(emptyMs, sentMs);
    await delay(PAUSE_MS);
  };
  const client = async (): Promise<void> => {
    while (performance.now() < startMs + RACE_MS) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let count = 0; count < 20 && performance.now() < startMs + RACE_MS; count += 1) await one(agent);
      agent.destroy();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return { admitted, refused, beganMs: [startMs, answeredMs], emptyMs, endedMs: performance.now() };
};

describe('twenty clients that race on one key over two threads', () => {
  const start = (limits: object) =>
    startTestGateway(
      configuration({ tracker: upstream.url }, { workers: 2, server: { limits: ['one'] }, limits }),
      { tap: false },
    );

  it(
    '[RATE-01/workers] are let through exactly as often as a quota says',
    async () => {
      await using gateway = await start({ one: { type: 'quota', quota: '500/3650d', key: [] } });
      const { admitted, refused } = await race(gateway.url());
      expect(admitted).toBe(500);
      expect(upstream.calls).toBe(500);
      expect(refused).toBeGreaterThan(CLIENTS);
    },
    RACE_MS + 60_000,
  );

  it(
    '[RATE-01/workers] are let through as often as burst and rate say, and once more or less at most',
    async () => {
      await using gateway = await start({ one: { type: 'rate', rate: '50/s', burst: 150, key: [] } });
      const { admitted, refused, beganMs, emptyMs, endedMs } = await race(gateway.url());
      // The burst is what the machine may stand still for, three seconds, before something of the rate is lost.
      const due = (ms: number) => 150 + Math.floor((ms * 50) / 1000);
      expect(admitted).toBeLessThanOrEqual(due(endedMs - beganMs[0]) + 1);
      expect(admitted).toBeGreaterThanOrEqual(due(emptyMs - beganMs[1]) - 1);
      expect(upstream.calls).toBe(admitted);
      expect(refused).toBeGreaterThan(CLIENTS);
    },
    RACE_MS + 60_000,
  );
});
