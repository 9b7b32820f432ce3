import { describe, expect, it } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { type ChangeFeed, startFeed } from '../support/change-feed.ts';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import { event, openStream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { makeSigningKey, mint } from '../support/issuer.ts';
import { legacyRequest, openSession, type SessionHeaders } from '../support/legacy-client.ts';
import { openListen } from '../support/listen-client.ts';
import { modernRequest } from '../support/modern-client.ts';
import { rawRequest } from '../support/raw-request.ts';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const UPDATED = 'notifications/resources/updated';
const URI = 'data://x';
/** Enough to open all streams before, on a machine that is busy. */
const LIFE_MS = 6_000;
/** A beat of the gateway, and as much again for a machine that is busy. */
const SOON = { timeout: 20_000 };

const bearer = (token: string): SessionHeaders => ({ authorization: `Bearer ${token}` });

/** What the stream was told, by the number in each update; of HTTP+SSE the place to post to is no message. */
const told = (stream: EventStreamClient): unknown[] =>
  stream.events
    .filter(({ event, data }) => event !== 'endpoint' && data !== undefined && data !== '')
    .map(({ data }) => JSON.parse(data!))
    .filter(({ method }) => method === UPDATED)
    .map(({ params }) => params.change);

const readSession = (gateway: TestGateway, session: SessionHeaders): Promise<EventStreamClient> =>
  EventStreamClient.open(gateway.url(), { headers: { ...session, accept: 'text/event-stream' } });

const openGet = async (gateway: TestGateway, token: string) => {
  const session = await openSession(gateway.url(), bearer(token));
  const stream = await readSession(gateway, session);
  expect((await legacyRequest(gateway.url(), 'resources/subscribe', { uri: URI }, session)).status).toBe(200);
  return { session, stream };
};

const openSse = async (gateway: TestGateway, token: string) => {
  const stream = await EventStreamClient.open(`${gateway.url()}/sse`, { headers: bearer(token) });
  await expect.poll(() => stream.events.length, SOON).toBe(1);
  const postUrl = new URL(stream.events[0]!.data!, gateway.url()).href;
  const post = (message: object) =>
    rawRequest(postUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(token) },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const clientInfo = { name: 'test-client', version: '1.0.0' };
  const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo };
  await post({ id: 0, method: 'initialize', params });
  await expect.poll(() => stream.events.length, SOON).toBe(2);
  await post({ id: 1, method: 'resources/subscribe', params: { uri: URI } });
  await expect.poll(() => stream.events.length, SOON).toBe(3);
  return { stream, post };
};

/** One stream of each kind. */
const openAll = async (gateway: TestGateway, token: string) => {
  const [listen, get, sse] = await Promise.all([
    openListen(gateway.url(), { resourceSubscriptions: [URI] }, { token }),
    openGet(gateway, token),
    openSse(gateway, token),
  ]);
  return { listen, get, sse, streams: [listen, get.stream, sse.stream] };
};

const tell = (feed: ChangeFeed, change: number): void => feed.tell(UPDATED, { uri: URI, change });

/** Tells of a change until each stream was told of it: an upstream may be followed a little later than promised. */
const everybodyIsTold = (feed: ChangeFeed, change: number, streams: readonly EventStreamClient[]) =>
  expect
    .poll(() => {
      tell(feed, change);
      return streams.every((stream) => told(stream).includes(change));
    }, SOON)
    .toBe(true);

const pastMs = (atMs: number) => expect.poll(() => Date.now() > atMs, SOON).toBe(true);

const SERVER = { protocol: { legacySse: true } };

/** A gateway with two callers: the key of one has an end soon. */
const startKeyed = async (upstreams: Readonly<Record<string, string>>) => {
  const [short, long] = [makeApiKey('short'), makeApiKey('long')];
  const endMs = Math.ceil((Date.now() + LIFE_MS) / 1000) * 1000;
  const notAfter = new Date(endMs).toISOString().replace('.000', '');
  const keys = [
    { id: 'short', hash: short.hash, servers: ['main'], notAfter },
    { id: 'long', hash: long.hash, servers: ['main'] },
  ];
  const identity = { robots: { type: 'api-key', keysFile: './keys.yaml' } };
  const gateway = await startTestGateway(
    configuration(upstreams, { identity, server: { identity: ['robots'], ...SERVER } }),
    { tap: false, files: { 'keys.yaml': JSON.stringify({ keys }) } },
  );
  return { gateway, short: short.key, long: long.key, endMs, [Symbol.asyncDispose]: () => gateway.close() };
};

describe('streams of an API key with an end', () => {
  it('tell nothing that happens after it, and end; those of a key without one go on', {
    timeout: 60_000,
  }, async () => {
    await using feed = await startFeed();
    await using keyed = await startKeyed({ feed: feed.url });
    const { gateway, short, long, endMs } = keyed;
    const [ending, lasting] = await Promise.all([openAll(gateway, short), openAll(gateway, long)]);
    await everybodyIsTold(feed, 1, [...ending.streams, ...lasting.streams]);
    expect(Date.now()).toBeLessThan(endMs);
    await pastMs(endMs);
    await everybodyIsTold(feed, 2, lasting.streams);
    expect(await Promise.all(ending.streams.map(({ over }) => over))).toEqual(['ended', 'ended', 'ended']);
    for (const stream of ending.streams) expect(new Set(told(stream))).toEqual(new Set([1]));
    expect(ending.listen.messages.at(-1)).toMatchObject({ id: 'sub', result: { resultType: 'complete' } });
    expect((await ending.sse.post({ id: 2, method: 'ping' })).status).toBe(401);
    expect((await lasting.sse.post({ id: 2, method: 'ping' })).status).toBe(202);
    await everybodyIsTold(feed, 3, lasting.streams);
    for (const stream of lasting.streams) stream.close();
  });

  it('tell nothing of what happened before they were acknowledged, if that is after it', {
    timeout: 60_000,
  }, async () => {
    await using feed = await startFeed();
    await using slow = await startFeed();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    slow.upstream.on('subscriptions/listen', async ({ message, response }) => {
      await held;
      openStream(response);
      const { notifications } = message.params!;
      response.write(event({ jsonrpc: '2.0', method: ACKNOWLEDGED, params: { notifications } }));
    });
    await using keyed = await startKeyed({ feed: feed.url, slow: slow.url });
    const { gateway, short, endMs } = keyed;
    const notifications = { toolsListChanged: true };
    const opening = openListen(gateway.url(), notifications, { token: short });
    await expect.poll(() => feed.open, SOON).toBe(1);
    expect(Date.now()).toBeLessThan(endMs);
    await pastMs(endMs);
    feed.tell('notifications/tools/list_changed', {});
    release();
    const stream = await opening;
    expect(await stream.over).toBe('ended');
    expect(stream.messages).toMatchObject([{ method: ACKNOWLEDGED }, { id: 'sub', result: {} }]);
    await expect.poll(() => feed.open, SOON).toBe(0);
  });
});

describe('streams of a token', () => {
  it('end soon after it though nothing happens; a session is told what it missed under the next token', {
    timeout: 60_000,
  }, async () => {
    await using feed = await startFeed();
    const signing = await makeSigningKey('ES256', 'k1');
    const issuer = 'https://id.example.com';
    await using gateway = await startTestGateway(
      configuration(
        { feed: feed.url },
        {
          identity: { staff: { type: 'jwt', issuer, jwksFile: './jwks.json', clockTolerance: '1s' } },
          server: { identity: ['staff'], ...SERVER },
        },
      ),
      { tap: false, files: { 'jwks.json': JSON.stringify({ keys: [signing.publicJwk] }) } },
    );
    const tokenUntil = (exp: number): Promise<string> => {
      const iat = Math.floor(Date.now() / 1000);
      return mint(signing, { iss: issuer, aud: gateway.audience(), sub: 'ada', iat, exp });
    };
    const exp = Math.ceil((Date.now() + LIFE_MS) / 1000);
    const [token, next] = [await tokenUntil(exp), await tokenUntil(exp + 600)];
    const [ending, lasting] = [await openAll(gateway, token), await openAll(gateway, next)];
    await everybodyIsTold(feed, 1, [...ending.streams, ...lasting.streams]);
    expect(await Promise.all(ending.streams.map(({ over }) => over))).toEqual(['ended', 'ended', 'ended']);
    expect(Date.now()).toBeGreaterThanOrEqual((exp + 1) * 1000);
    const late = await modernRequest(gateway.url(), 'tools/list', {}, { token, valid: false });
    expect(late.status).toBe(401);
    expect(ending.listen.messages.at(-1)).toMatchObject({ id: 'sub', result: { resultType: 'complete' } });

    await everybodyIsTold(feed, 2, lasting.streams);
    for (const stream of ending.streams) expect(new Set(told(stream))).toEqual(new Set([1]));
    await expect(readSession(gateway, ending.get.session)).rejects.toThrow('401');
    const back = await readSession(gateway, { ...ending.get.session, ...bearer(next) });
    await expect.poll(() => told(back), SOON).toContain(2);
    expect(told(back)).not.toContain(1);
    for (const stream of [back, ...lasting.streams]) stream.close();
  });
});
