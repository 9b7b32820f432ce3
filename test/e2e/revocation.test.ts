import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { closeAll, expectEnded, openAll } from '../support/all-open.ts';
import { ableCall, answersTo, askedBy, named, retryCall } from '../support/asking.ts';
import { type Callers, makeCallers } from '../support/callers.ts';
import { type ChangeFeed, startFeed } from '../support/change-feed.ts';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import { event, openStream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { legacyRequest } from '../support/legacy-client.ts';
import { modernBody, modernHeaders, modernRequest } from '../support/modern-client.ts';
import { revokeAt, revokedAt } from '../support/revoking.ts';
import { StartedThreads } from '../support/started-threads.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';
import { tapUpstream, type UpstreamTap } from '../support/wire-tap.ts';
import { type AskingUpstream, startAskingUpstream } from './clients/upstreams/asking-http.ts';

// Threads load the program anew.
vi.setConfig({ testTimeout: 60_000 });

const PATIENT = { timeout: 20_000 };

/** So many connections that the kernel gives each of two threads some, but for one time in a million. */
const MANY = 24;

const [alice, bob] = [makeApiKey('alice'), makeApiKey('bob')];
const KEYS = JSON.stringify({
  keys: Object.entries({ alice, bob }).map(([id, { hash }]) => ({ id, hash, servers: ['main'] })),
});

let callers: Callers;
let feed: ChangeFeed;
let asking: AskingUpstream;
let tap: UpstreamTap;
beforeAll(async () => {
  callers = await makeCallers();
  feed = await startFeed();
  asking = await startAskingUpstream();
  tap = await tapUpstream(asking.url);
});
afterAll(async () => {
  await feed[Symbol.asyncDispose]();
  await tap.close();
  await asking[Symbol.asyncDispose]();
});

const start = (
  over: object = {},
  upstreams: Record<string, string> = { feed: feed.url },
): Promise<TestGateway> =>
  startTestGateway(
    configuration(upstreams, {
      identity: { ...callers.identity, robots: { type: 'api-key', keysFile: './keys.yaml' } },
      server: { identity: ['robots', 'workforce'], protocol: { legacySse: true, websocket: true } },
      ...over,
    }),
    { tap: false, files: { ...callers.files, 'keys.yaml': KEYS } },
  );

const statusOf = async (gateway: TestGateway, token: string): Promise<number> =>
  (await modernRequest(gateway.url(), 'tools/list', {}, { token })).status;

/** What many requests at once are answered, each on a connection of its own. */
const statusesOf = async (gateway: TestGateway, token: string): Promise<ReadonlySet<number>> => {
  const authorization = { authorization: `Bearer ${token}` };
  const answers = await Promise.all(
    Array.from({ length: MANY }, () => legacyRequest(gateway.url(), 'ping', {}, authorization)),
  );
  return new Set(answers.map(({ status }) => status));
};

describe.each([1, 2])('what is revoked at run time, with %i thread(s)', (workers) => {
  it('[AUTH-01/revocation] a token that was good a moment ago is refused, and no other of its owner is', async () => {
    await using gateway = await start({ workers });
    const token = await callers.token(gateway, 'ann', [], { jti: 'lost' });
    const other = await callers.token(gateway, 'ann', [], { jti: 'kept' });
    expect(await statusesOf(gateway, token)).not.toContain(401);
    expect(await revokeAt(gateway, { token: 'lost', for: '1h', reason: 'laptop stolen' })).toMatchObject({
      status: 200,
      body: { result: 'revoked', holds: 'here', token: 'lost', identity: 'workforce' },
    });
    expect(await statusesOf(gateway, token)).toEqual(new Set([401]));
    expect(await statusesOf(gateway, other)).not.toContain(401);
    const log = (await gateway.log()).split('\n').find((line) => line.includes('laptop stolen'));
    expect(JSON.parse(log!)).toMatchObject({
      level: 'warn',
      msg: 'revoked',
      kind: 'token',
      identity: 'workforce',
      id: 'lost',
      reason: 'laptop stolen',
      by: '127.0.0.1',
    });
  });

  it('loses at once all that it has open, and nobody else does', async () => {
    await using gateway = await start({ workers });
    const url = gateway.url();
    const [hers, his] = [await openAll(url, alice.key), await openAll(url, bob.key)];
    expect(await revokeAt(gateway, { key: 'bob' })).toMatchObject({ status: 200, body: { isKnown: true } });
    await expectEnded(his);
    expect((await legacyRequest(url, 'tools/list', {}, his.session)).status).toBe(401);
    expect((await legacyRequest(url, 'tools/list', {}, hers.session)).status).toBe(200);
    closeAll(hers);
  });

  it('loses the answer that comes as a stream, and the call behind it is taken back', async () => {
    const slow = await startToolUpstream('slow', ['echo']);
    const gone = Promise.withResolvers<void>();
    slow.behave(({ message, response }) => {
      response.on('close', gone.resolve);
      openStream(response);
      const { progressToken } = message.params!._meta as { progressToken: unknown };
      response.write(
        event({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress: 1 } }),
      );
    });
    await using gateway = await start({ workers }, { slow: slow.url });
    const stream = async (key: string): Promise<EventStreamClient> => {
      const params = { name: 'echo', arguments: {} };
      const options = { token: key, meta: { progressToken: 'p' } };
      const opened = await EventStreamClient.open(
        gateway.url(),
        { method: 'POST', headers: modernHeaders('tools/call', params, options) },
        modernBody('tools/call', params, options),
      );
      await opened.message(({ method }) => method === 'notifications/progress');
      return opened;
    };
    const [hers, his] = [await stream(alice.key), await stream(bob.key)];
    expect((await revokeAt(gateway, { key: 'bob' })).status).toBe(200);
    expect(await his.over).toBe('ended');
    await gone.promise;
    expect(his.messages).toHaveLength(1);
    expect(await Promise.race([hers.over, statusOf(gateway, alice.key)])).toBe(200);
    hers.close();
    await slow.close();
  });

  it('loses the call that waits for its input: the upstream is told so', async () => {
    await using gateway = await start({ workers }, { asking: tap.url });
    const url = gateway.url();
    const options = { token: await callers.token(gateway, 'ann', [], { jti: 'asked' }) };
    const asked = askedBy(await ableCall(url, 'order', { item: 'tea' }, options));
    const takenBack = () =>
      tap.messages.filter(({ message }) => message.method === 'notifications/cancelled').length;
    const before = takenBack();
    expect((await revokeAt(gateway, { token: 'asked' })).status).toBe(200);
    await expect.poll(takenBack, PATIENT).toBe(before + 1);
    const answers = answersTo(asked, named('Ann'));
    const late = await retryCall(url, 'order', { item: 'tea' }, asked, answers, options);
    expect(late.status).toBe(401);
    const again = { token: await callers.token(gateway, 'ann', [], { jti: 'another' }) };
    const retried = await retryCall(url, 'order', { item: 'tea' }, asked, answers, again);
    expect(retried.body.error.data.code).toBe('state_refused');
  });

  it('stays so over reloads, also of the identity, and of keys that come back', async () => {
    await using gateway = await start({ workers });
    await revokeAt(gateway, { key: 'bob' });
    await gateway.writeBeside('keys.yaml', KEYS.replace('bob', 'carl'));
    expect((await gateway.gateway.reload()).result).not.toBe('rejected');
    await gateway.writeBeside('keys.yaml', `${KEYS}\n`);
    expect((await gateway.gateway.reload()).result).not.toBe('rejected');
    expect(await statusesOf(gateway, bob.key)).toEqual(new Set([401]));
    expect(await statusesOf(gateway, alice.key)).not.toContain(401);
    const anew = makeApiKey('bob');
    await gateway.writeBeside('keys.yaml', KEYS.replace(bob.hash, anew.hash));
    expect((await gateway.gateway.reload()).result).not.toBe('rejected');
    expect(await statusesOf(gateway, anew.key)).toEqual(new Set([401]));
    expect((await revokedAt(gateway)).revocations).toEqual([
      { key: 'bob', identity: 'robots', at: expect.any(String) },
    ]);
  });
});

it('a thread that takes the place of another knows what is revoked before it serves', async () => {
  using threads = new StartedThreads();
  await using gateway = await start({ workers: 2 });
  await revokeAt(gateway, { key: 'bob' });
  await threads.terminate();
  await expect
    .poll(async () => (await gateway.log()).match(/another takes its place/g)?.length, PATIENT)
    .toBe(2);
  await expect
    .poll(() => statusesOf(gateway, bob.key).catch(() => undefined), PATIENT)
    .toEqual(new Set([401]));
});

describe('an order to revoke', () => {
  it('names a whole subject: it is refused, with tokens that are made afterwards too, until it is lifted', async () => {
    await using gateway = await start();
    expect((await revokeAt(gateway, { subject: 'ann' })).status).toBe(200);
    const token = await callers.token(gateway, 'ann');
    expect(await statusesOf(gateway, token)).toEqual(new Set([401]));
    expect(await statusesOf(gateway, await callers.token(gateway, 'annette'))).not.toContain(401);
    expect((await revokeAt(gateway, { subject: 'ann', lift: true })).body).toMatchObject({
      result: 'lifted',
    });
    expect(await statusesOf(gateway, token)).not.toContain(401);
    expect((await revokeAt(gateway, { subject: 'ann', lift: true })).status).toBe(404);
  });

  it('ends when it says so', async () => {
    await using gateway = await start();
    await revokeAt(gateway, { key: 'bob', for: '2s' });
    expect(await statusOf(gateway, bob.key)).toBe(401);
    expect((await revokedAt(gateway)).revocations).toHaveLength(1);
    await expect.poll(() => statusOf(gateway, bob.key), PATIENT).toBe(200);
    expect((await revokedAt(gateway)).revocations).toEqual([]);
  });

  it('is taken only from those who may operate, and one who is revoked may not any more', async () => {
    await using gateway = await start({
      listeners: {
        main: { bind: '127.0.0.1:0' },
        ops: { bind: '127.0.0.1:0', serve: ['status', 'revoke'], identity: ['workforce'] },
      },
    });
    const operator = async (sub: string) => ({
      authorization: `Bearer ${await callers.token({ audience: () => `${gateway.opsUrl}/` }, sub)}`,
    });
    const [ann, ben] = [await operator('ann'), await operator('ben')];
    const order = { key: 'bob' };
    expect((await revokeAt(gateway, order)).status).toBe(401);
    expect((await revokeAt(gateway, order, { ...ann, origin: 'https://evil.example' })).status).toBe(403);
    expect((await revokeAt(gateway, order, { ...ann, host: 'evil.example' })).status).toBe(403);
    expect(await statusOf(gateway, bob.key)).toBe(200);
    expect((await revokeAt(gateway, { subject: 'ben' }, ann)).status).toBe(200);
    expect((await revokeAt(gateway, { subject: 'ann' }, ben)).status).toBe(401);
    expect(await gateway.log()).toContain('"by":"workforce:ann"');
  });

  it('is not there unless the listener is to serve it', async () => {
    await using gateway = await start({
      listeners: { main: { bind: '127.0.0.1:0' }, ops: { bind: '127.0.0.1:0', serve: ['status', 'reload'] } },
    });
    expect((await revokeAt(gateway, { key: 'bob' })).status).toBe(404);
    expect(await revokedAt(gateway)).toEqual({ isCurrent: true, revocations: [] });
    expect(await statusOf(gateway, bob.key)).toBe(200);
  });
});
