import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { StartedThreads } from '../support/started-threads.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

/** How long clients race, if nothing is left by then; longer if it is asked for. */
const RACE_MS = Number(process.env.GATEWRIGHT_RACE_SECONDS ?? 4) * 1000;
/** Where the machine has too much to do, they go on for as long. */
const MORE_MS = 40_000;
const CLIENTS = 20;
/** A client that was refused comes back so soon, so that the machine has time for the others. */
const PAUSE_MS = 100;

/** Threads that end while clients race. */
const ENDED = 6;

const QUOTA = 200;
/** The burst is what the machine may stand still for, ten seconds, before something of the rate is lost. */
const BURST = 200;
const PER_SECOND = 20;
const due = (ms: number): number => BURST + Math.floor((ms * PER_SECOND) / 1000);

const BODY = modernBody('tools/call', { name: 'echo', arguments: {} });
const HEADERS = modernHeaders('tools/call', { name: 'echo' }, {});

/** The status of one call; undefined if it was lost. */
const call = (url: string, agent: Agent): Promise<number | undefined> =>
  new Promise((resolve) => {
    const outgoing = request(url, { method: 'POST', agent, headers: HEADERS }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
      response.on('error', () => resolve(undefined));
    });
    outgoing.on('error', () => resolve(undefined)).end(BODY);
  });

interface Race {
  readonly admitted: number;
  readonly refused: number;
  /** Nobody knows whether they were counted. */
  readonly lost: number;
  /** Nothing was counted before the first, and something after the second. */
  readonly beganMs: readonly [number, number];
  /** When the last call was sent that was refused: then, or later, nothing was left. */
  readonly emptyMs: number;
  readonly endedMs: number;
}

/**
 * What becomes of the calls of clients that call as fast as they may, on connections that come and go.
 *
 * @param onAdmitted told how many were let through so far
 * @param isDone false for as long as they are to go on where the machine has too much to do
 */
const race = async (
  url: string,
  onAdmitted: (count: number) => void = () => undefined,
  isDone: () => boolean = () => true,
): Promise<Race> => {
  let [admitted, refused, lost, answeredMs, emptyMs] = [0, 0, 0, 0, 0];
  const startMs = performance.now();
  const one = async (agent: Agent): Promise<void> => {
    const sentMs = performance.now();
    const status = await call(url, agent);
    if (answeredMs === 0) answeredMs = performance.now();
    if (status === 200) {
      admitted += 1;
      onAdmitted(admitted);
      return;
    }
    if (status === undefined) lost += 1;
    else {
      expect(status).toBe(429);
      refused += 1;
      emptyMs = Math.max(emptyMs, sentMs);
    }
    await delay(PAUSE_MS);
  };
  const goesOn = (): boolean => {
    const goneMs = performance.now() - startMs;
    return goneMs < RACE_MS || ((refused <= CLIENTS || !isDone()) && goneMs < RACE_MS + MORE_MS);
  };
  const client = async (): Promise<void> => {
    while (goesOn()) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let count = 0; count < 20 && goesOn(); count += 1) await one(agent);
      agent.destroy();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return { admitted, refused, lost, beganMs: [startMs, answeredMs], emptyMs, endedMs: performance.now() };
};

/** A gateway with one server for each kind of limit, and where each leads to. */
const start = async (workers: number) => {
  const [counted, timed] = await Promise.all(
    ['counted', 'timed'].map((name) => startToolUpstream(name, ['echo'])),
  );
  const yaml = JSON.parse(
    configuration(
      { counted: counted!.url, timed: timed!.url },
      {
        workers,
        expose: [{ upstream: 'counted' }],
        server: { limits: ['quota'] },
        limits: {
          quota: { type: 'quota', quota: `${QUOTA}/3650d`, key: [] },
          rate: { type: 'rate', rate: `${PER_SECOND}/s`, burst: BURST, key: [] },
        },
      },
    ),
  );
  yaml.servers.timed = {
    ...yaml.servers.main,
    at: [{ listener: 'main', path: '/timed' }],
    expose: [{ upstream: 'timed' }],
    limits: ['rate'],
  };
  const gateway = await startTestGateway(JSON.stringify(yaml), { tap: false });
  return {
    quotaUrl: gateway.url(),
    rateUrl: new URL('/timed', gateway.url()).href,
    counted: counted!,
    timed: timed!,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await Promise.all([counted!.close(), timed!.close()]);
    },
  };
};

const expectQuota = ({ admitted, refused, lost }: Race, { calls }: FastUpstream): void => {
  expect(calls).toBeLessThanOrEqual(QUOTA);
  expect(admitted).toBeLessThanOrEqual(calls);
  expect(admitted + lost).toBeGreaterThanOrEqual(QUOTA);
  expect(refused).toBeGreaterThan(CLIENTS);
};

const expectRate = (told: Race, { calls }: FastUpstream): void => {
  const { admitted, refused, lost, beganMs, emptyMs, endedMs } = told;
  expect(calls).toBeLessThanOrEqual(due(endedMs - beganMs[0]) + 1);
  expect(admitted).toBeLessThanOrEqual(calls);
  expect(admitted + lost).toBeGreaterThanOrEqual(due(emptyMs - beganMs[1]) - 1);
  expect(refused).toBeGreaterThan(CLIENTS);
};

describe('twenty clients that race on one key', () => {
  it('[RATE-01/workers] are let through as often as a quota says, and as burst and rate say, by one, two and four threads', {
    timeout: RACE_MS + MORE_MS + 60_000,
  }, async () => {
    await using one = await start(1);
    await using two = await start(2);
    await using four = await start(4);
    const raced = async (started: Awaited<ReturnType<typeof start>>): Promise<void> => {
      const [quota, rate] = await Promise.all([race(started.quotaUrl), race(started.rateUrl)]);
      expectQuota(quota, started.counted);
      expectRate(rate, started.timed);
      expect([quota.lost, rate.lost]).toEqual([0, 0]);
      expect(quota.admitted).toBe(QUOTA);
      expect(started.counted.calls).toBe(QUOTA);
      expect(started.timed.calls).toBe(rate.admitted);
    };
    await Promise.all([one, two, four].map(raced));
  });
});

describe('twenty clients that race while threads end', () => {
  it('[RATE-01/workers] are never let through once more than a quota says, and lose no more than what was under way', {
    timeout: RACE_MS + MORE_MS + 30_000,
  }, async () => {
    using threads = new StartedThreads();
    await using started = await start(4);
    const ended = new Set<number>();
    const endOne = (): void => {
      const victim = threads.all.find((thread) => thread.threadId > 0 && !ended.has(thread.threadId));
      if (victim === undefined || ended.size === ENDED) return;
      ended.add(victim.threadId);
      void victim.terminate();
    };
    const killing = setInterval(endOne, RACE_MS / 6);
    const onAdmitted = (count: number): void => {
      if (count % 50 === 25) endOne();
    };
    const areEnded = (): boolean => ended.size === ENDED;
    const races = [race(started.quotaUrl, onAdmitted, areEnded), race(started.rateUrl)] as const;
    const [quota, rate] = await Promise.all(races);
    clearInterval(killing);
    expect(ended.size).toBe(ENDED);
    expectQuota(quota, started.counted);
    expectRate(rate, started.timed);
  });
});
