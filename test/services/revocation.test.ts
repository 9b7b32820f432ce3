import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { FOREVER_MS, MAX_STATEMENTS } from '../../runtime/state/stored-table.ts';
import { closeAll, expectEnded, openAll } from '../support/all-open.ts';
import { type ChangeFeed, startFeed } from '../support/change-feed.ts';
import { configuration } from '../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/modern-client.ts';
import { isRedisMissing, PASSWORD, RedisServer } from '../support/redis-server.ts';
import { revokeAt, revokedAt } from '../support/revoking.ts';

// Threads load the program anew.
vi.setConfig({ testTimeout: 60_000 });

/** The store is looked at four times a second; the machine may have other work. */
const PATIENT = { timeout: 20_000 };

const TABLE = 'gatewright:table:revoked';

const [alice, bob] = [makeApiKey('alice'), makeApiKey('bob')];
const KEYS = JSON.stringify({
  keys: Object.entries({ alice, bob }).map(([id, { hash }]) => ({ id, hash, servers: ['main'] })),
});

describe.skipIf(isRedisMissing)('revocation at gateways that share a store', () => {
  let server: RedisServer;
  let feed: ChangeFeed;
  let gateways: TestGateway[];

  const start = async (state: object = {}, over: object = {}, password = PASSWORD): Promise<TestGateway> => {
    const gateway = await startTestGateway(
      configuration(
        { feed: feed.url },
        {
          state: {
            type: 'valkey',
            url: server.url,
            password: '${env:STATE_PASSWORD}',
            timeout: '10s',
            ...state,
          },
          identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
          server: { identity: ['robots'], protocol: { legacySse: true, websocket: true } },
          ...over,
        },
      ),
      { tap: false, files: { 'keys.yaml': KEYS }, env: { STATE_PASSWORD: password } },
    );
    gateways.push(gateway);
    return gateway;
  };

  const statusOf = async (gateway: TestGateway, token: string): Promise<number> =>
    (await modernRequest(gateway.url(), 'tools/list', {}, { token })).status;

  beforeAll(async () => {
    server = await RedisServer.start();
    feed = await startFeed();
  });
  afterAll(async () => {
    await server.close();
    await feed[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    gateways = [];
    await server.command('FLUSHALL');
  });
  afterEach(async () => {
    await Promise.all(gateways.map((each) => each.close()));
  });

  it('[AUTH-01/revocation] a key that is revoked at one is refused at all, and what it has open ends', async () => {
    const [one, other] = [await start(), await start({}, { workers: 2 })];
    const [hers, his] = [await openAll(other.url(), alice.key), await openAll(other.url(), bob.key)];
    const answered = await revokeAt(one, { key: 'bob' });
    expect(answered).toMatchObject({ status: 200, body: { holds: 'everywhere' } });
    await vi.waitFor(async () => expect(await statusOf(other, bob.key)).toBe(401), PATIENT);
    await expectEnded(his);
    // Each thread looks for itself.
    await vi.waitFor(async () => {
      const late = await Promise.all(Array.from({ length: 20 }, () => statusOf(other, bob.key)));
      expect(new Set(late)).toEqual(new Set([401]));
    }, PATIENT);
    expect(await statusOf(other, alice.key)).toBe(200);
    closeAll(hers);
  });

  it('one that threads serve tells all others, and knows what others were told', async () => {
    const [one, other] = [await start({}, { workers: 2 }), await start()];
    expect(await revokeAt(one, { key: 'bob' })).toMatchObject({ status: 200, body: { holds: 'everywhere' } });
    await vi.waitFor(async () => expect(await statusOf(other, bob.key)).toBe(401), PATIENT);
    await revokeAt(other, { key: 'bob', lift: true });
    await vi.waitFor(async () => expect((await revokedAt(one)).revocations).toEqual([]), PATIENT);
    await vi.waitFor(async () => {
      const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(one, bob.key)));
      expect(new Set(statuses)).toEqual(new Set([200]));
    }, PATIENT);
  });

  it('one that starts later refuses from its first request on', async () => {
    await revokeAt(await start(), { key: 'bob' });
    expect(await statusOf(await start(), bob.key)).toBe(401);
  });

  it('with `local`, holds here while the store is away, and everywhere once it is back, empty as it is', async () => {
    const [one, other] = [await start({ onUnavailable: 'local' }), await start({ onUnavailable: 'local' })];
    await revokeAt(one, { key: 'alice' });
    await vi.waitFor(async () => expect(await statusOf(other, alice.key)).toBe(401), PATIENT);
    await server.stop();
    expect(await revokeAt(one, { key: 'bob' })).toMatchObject({ status: 202, body: { holds: 'here' } });
    expect(await statusOf(one, bob.key)).toBe(401);
    expect(await statusOf(other, bob.key)).toBe(200);
    expect(await statusOf(other, alice.key)).toBe(401);
    await server.resume();
    await vi.waitFor(async () => expect(await statusOf(other, bob.key)).toBe(401), PATIENT);
    expect((await revokedAt(other)).revocations).toHaveLength(2);
  });

  it('with `deny`, admits nobody by a credential during an outage, and everybody once it is over', async () => {
    const gateway = await start({ onUnavailable: 'deny' });
    expect(await statusOf(gateway, alice.key)).toBe(200);
    await server.stop();
    await vi.waitFor(async () => expect(await statusOf(gateway, alice.key)).toBe(503), PATIENT);
    const refused = await modernRequest(gateway.url(), 'tools/list', {}, { token: alice.key });
    expect(refused.body.error.data.code).toBe('state_unavailable');
    expect(refused.headers['retry-after']).toBe('1');
    expect((await revokedAt(gateway)).isCurrent).toBe(false);
    await server.resume();
    await vi.waitFor(async () => expect(await statusOf(gateway, alice.key)).toBe(200), PATIENT);
  });

  it('is not deceived by what others write into its table, and holds what is true of it', async () => {
    const gateway = await start();
    await revokeAt(gateway, { key: 'bob' });
    const forged: readonly (readonly [name: string, kept: string])[] = [
      ['key:robots:alice', 'revoked'],
      ['key:robots:alice ', '1 9999999999999 {"is":"revoked"}'],
      ['key:robots:a', '99999999999999999999 9999999999999 {"is":"revoked"}'],
      ['key:robots:b', `1 ${FOREVER_MS} {"is":"lifted","reason":${'['.repeat(50_000)}`],
      ['\0\r\n', '1 9999999999999 {"is":"revoked"}'],
      ['key:robots:bob', '8000000000000000 8000000000000000 {"is":"lifted"}'],
      [`subject:robots:${'x'.repeat(1_000_000)}`, '1 9999999999999 {"is":"revoked"}'],
    ];
    for (const [name, kept] of forged) await server.command('HSET', TABLE, name, kept);
    await server.command('SET', `${TABLE}:version`, 'forged');
    await vi.waitFor(async () => expect(await gateway.log()).toContain('left out'), PATIENT);
    expect(await statusOf(gateway, alice.key)).toBe(200);
    expect(await statusOf(gateway, bob.key)).toBe(401);
    await vi.waitFor(
      async () => expect(await server.command('HGET', TABLE, 'key:robots:bob')).toContain('"is":"revoked"'),
      PATIENT,
    );
    const late = await start();
    expect(await statusOf(late, bob.key)).toBe(401);
  });

  /** How many seconds ago it read in the store who is revoked. */
  const ageOf = async (gateway: TestGateway): Promise<number> =>
    Number(/^gatewright_revocations_age_seconds (\S+)$/m.exec(await gateway.metrics())![1]);

  it.each([
    ['another type of value', ['MSET', TABLE, 'x', `${TABLE}:version`, 'x']],
    ['a version that is none', ['LPUSH', `${TABLE}:version`, 'x']],
  ])('counts as not known where its table is broken, and is mended by itself: %s', async (_, command) => {
    const gateway = await start();
    await server.command('DEL', TABLE, `${TABLE}:version`);
    await server.command(...command);
    await vi.waitFor(async () => expect(await statusOf(gateway, alice.key)).toBe(503), PATIENT);
    expect(await gateway.metrics()).toContain('gatewright_state_up 1\n');
    expect(await ageOf(gateway)).toBeGreaterThan(1);
    await server.command('DEL', TABLE, `${TABLE}:version`);
    await vi.waitFor(async () => expect(await statusOf(gateway, alice.key)).toBe(200), PATIENT);
    await vi.waitFor(async () => expect(await ageOf(gateway)).toBeLessThan(1), PATIENT);
  });

  it('does not disturb what is counted where its user may not touch the table', async () => {
    await server.command(
      'ACL',
      'SETUSER',
      'counter',
      'on',
      '>secret',
      '~gatewright:rate:*',
      '~gatewright:probe',
      '+@all',
    );
    const rate = { limits: { fair: { type: 'rate', rate: '100/d', burst: 100, key: [] } } };
    const gateway = await start(
      { username: 'counter', onUnavailable: 'local' },
      { ...rate, server: { identity: ['robots'], limits: ['fair'] } },
      'secret',
    );
    await vi.waitFor(async () => expect(await gateway.log()).toContain('is not known'), PATIENT);
    const answered = await modernRequest(gateway.url(), 'tools/list', {}, { token: alice.key });
    expect(answered.headers.ratelimit).toMatch(/^"fair";r=99;/);
    expect(await gateway.metrics()).toContain('gatewright_state_up 1\n');
  });

  it('bounds what the store keeps, and drops there what has ended', async () => {
    const one = await start();
    await revokeAt(one, { key: 'bob', for: '3s' });
    expect(await server.command('HLEN', TABLE)).toBe(1);
    await vi.waitFor(async () => {
      await revokeAt(one, { key: 'alice', for: '1h' });
      expect(await server.command('HKEYS', TABLE)).toEqual(['key:robots:alice']);
    }, PATIENT);
    const flood = Array.from({ length: 500 }, (_, at) => [`k${at}`, '1 9999999999999 x']).flat();
    for (let at = 0; at < MAX_STATEMENTS / 500; at += 1)
      await server.command(
        'HSET',
        TABLE,
        ...flood.map((each, index) => (index % 2 === 0 ? `${each}-${at}` : each)),
      );
    const answered = await revokeAt(one, { key: 'bob' });
    expect(answered).toMatchObject({ status: 202, body: { holds: 'here' } });
    expect(await statusOf(one, bob.key)).toBe(401);
    expect(await server.command('HLEN', TABLE)).toBe(MAX_STATEMENTS + 1);
  });
});
