import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PlaceLeases } from '../../runtime/state/place-leases.ts';
import { PLACE_ANSWERS, PLACE_SCRIPT } from '../../runtime/state/place-script.ts';
import type { PlaceStep, StateStore } from '../../runtime/state/state-store.ts';
import { openValkey } from '../../runtime/state/valkey.ts';
import { createConcurrencyGate } from '../../runtime/traffic/concurrency.ts';
import { ReplicaGate } from '../../runtime/traffic/replica-gate.ts';
import { MemoryPlaces } from '../support/memory-places.ts';
import { isRedisMissing, PASSWORD, RedisServer } from '../support/redis-server.ts';

const LEASE_MS = 1000;
/** What is waited for may have to wait for the machine. */
const PATIENT = { timeout: 20_000 };
const max = 2;
const queue = 3;

describe.skipIf(isRedisMissing)('places in the store that replicas share', () => {
  let server: RedisServer;

  const open = (): Promise<StateStore> =>
    openValkey(
      {
        ...{ type: 'valkey', url: server.url, password: PASSWORD, prefix: 'gatewright' },
        ...{ timeoutMs: 10_000, onUnavailable: 'deny' },
      },
      { log: { error: () => undefined, info: () => undefined }, onUp: () => undefined },
    );

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    await server.command('FLUSHALL');
  });

  it('are given by the script as they would be in one process, whoever comes, leaves or falls silent', async () => {
    // The script reads the clock of the server; here it is given moments, and keys do not expire by another clock.
    const timed = PLACE_SCRIPT.replace(
      "redis.call('TIME')",
      '{ tonumber(ARGV[#ARGV - 1]), tonumber(ARGV[#ARGV]) }',
    ).replace(/redis\.call\('PEXPIRE'.*/g, '');
    expect(timed).not.toMatch(/TIME|PEXPIRE/);
    const { createClient } = await import('@redis/client');
    const client = await createClient({ url: server.url, password: PASSWORD, RESP: 2 });
    client.on('error', () => undefined);
    await client.connect();
    const step = fc.record({
      what: fc.constantFrom<PlaceStep['what']>('enter', 'enter', 'enter', 'leave', 'renew'),
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', '10', '9'),
      name: fc.constantFrom('one', 'other'),
    });
    const round = fc.record({
      steps: fc.array(step, { minLength: 1, maxLength: 6 }),
      gapMs: fc.constantFrom(1, 300, 999, 1000),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(round, { maxLength: 15 }), async (rounds) => {
        run += 1;
        let nowMs = 1_796_000_000_000;
        const model = new MemoryPlaces(() => nowMs);
        for (const { steps, gapMs } of rounds) {
          nowMs += gapMs;
          const whole = steps.map((each) => ({ ...each, max, queue }));
          const keys = steps.flatMap(({ name }) => [`${run}:${name}`, `${run}:${name}:waiting`]);
          const told = whole.flatMap(({ what, id }) => [what, id, String(max), String(queue)]);
          const moment = [String(Math.floor(nowMs / 1000)), String((nowMs % 1000) * 1000)];
          const given = [timed, String(keys.length), ...keys, String(LEASE_MS), ...told, ...moment];
          const answers = (await client.sendCommand(['EVAL', ...given])) as unknown as readonly number[];
          expect(answers.map((answer) => PLACE_ANSWERS[answer])).toEqual(await model.places(whole, LEASE_MS));
        }
      }),
      { numRuns: 300 },
    );
    client.destroy();
  });

  it('are forgotten with the leases on them, and leave no key behind', async () => {
    const [one, other] = [await open(), await open()];
    const ask = (store: StateStore, id: string, leaseMs: number): Promise<readonly string[]> =>
      store.places([{ what: 'enter', name: 'key', id, max: 1, queue }], leaseMs);
    expect(await ask(one, 'a', 3000)).toEqual(['held']);
    expect(await ask(other, 'b', 300)).toEqual(['waits']);
    await expect.poll(() => ask(other, 'b', 300), PATIENT).toEqual(['held']);
    await expect.poll(() => server.command('DBSIZE'), PATIENT).toBe(0);
    await Promise.all([one.close(), other.close()]);
  });

  it('are free by the end of the process that held them, though the store was not told', async () => {
    const [dying, other] = [await open(), await open()];
    const leases = new PlaceLeases(dying);
    const held = Promise.withResolvers<string>();
    leases.enter({ name: 'key', max: 1, queue }, held.resolve);
    expect(await held.promise).toBe('held');
    const ask = (): Promise<readonly string[]> =>
      other.places([{ what: 'enter', name: 'key', id: 'b', max: 1, queue }], LEASE_MS);
    const endsMs = performance.now() + 1_000;
    leases.endBy(endsMs);
    // What it held is told within that second; that it goes is not.
    for (let answered = await ask(); performance.now() < endsMs - 500; answered = await ask())
      expect(answered).toEqual(['waits']);
    await dying.close();
    await expect.poll(ask, PATIENT).toEqual(['held']);
    await other.close();
  });

  it('are taken again as soon as they are free where many more wait for them, with few words for each call', async () => {
    const [clients, callsEach, holdMs, bounds] = [
      300,
      8,
      20,
      { max: 200, queue: 1000, queueTimeoutMs: 60_000 },
    ];
    const stores = await Promise.all([open(), open()]);
    let [steps, trips, inside, most] = [0, 0, 0, 0];
    const refused: string[] = [];
    const gates = stores.map((store) => {
      const counted: StateStore = Object.create(store, {
        places: {
          value: (told: readonly PlaceStep[], leaseMs: number) => {
            steps += told.length;
            trips += 1;
            return store.places(told, leaseMs);
          },
        },
      });
      const leases = new PlaceLeases(counted);
      return new ReplicaGate({
        ...{ gate: createConcurrencyGate(), leases, onUnavailable: 'deny', nameOf: (key) => key },
      });
    });
    const call = async (gate: ReplicaGate, caller: string): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const ticket = gate.enter('key', caller, bounds, {
        granted: () => resolve(true),
        refused: (why) => {
          refused.push(why);
          resolve(false);
        },
      })!;
      if (!(await promise)) return;
      inside += 1;
      most = Math.max(most, inside);
      await delay(holdMs);
      inside -= 1;
      ticket.leave();
    };
    const caller = async (gate: ReplicaGate, name: string): Promise<void> => {
      for (let left = callsEach; left > 0; left -= 1) await call(gate, name);
    };
    await Promise.all(
      gates.flatMap((gate) => Array.from({ length: clients }, (_, at) => caller(gate, `caller-${at}`))),
    );
    const calls = gates.length * clients * callsEach;
    expect(refused).toEqual([]);
    expect(most).toBe(bounds.max);
    expect(steps / calls).toBeLessThan(8);
    expect(trips).toBeLessThan(calls / 2);
    await expect.poll(() => server.command('DBSIZE'), PATIENT).toBe(0);
    await Promise.all(stores.map((store) => store.close()));
  }, 60_000);

  it('are no reason to lose the connection where the server refuses the commands for them', async () => {
    const store = await open();
    await server.command('ACL', 'SETUSER', 'default', '-zcard');
    const asked = store.places([{ what: 'enter', name: 'key', id: 'a', max, queue }], LEASE_MS);
    await expect(asked).rejects.toMatchObject({ name: 'StoreAway' });
    expect(store.isUp).toBe(true);
    await server.command('ACL', 'SETUSER', 'default', '+zcard');
    await store.close();
  });
});
