import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AskingUpstream, startAskingUpstream } from '../e2e/clients/upstreams/asking-http.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { legacyMessage, legacyRequest, openSession } from '../support/legacy-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { isRedisMissing, RedisServer } from '../support/redis-server.ts';
import { Replicas } from '../support/replicas.ts';
import { startRoundRobin } from '../support/round-robin.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.skipIf(isRedisMissing)('replicas behind a load balancer without affinity', () => {
  let store: RedisServer;
  let upstream: FastUpstream;
  let asking: AskingUpstream;
  let replicas: Replicas;

  beforeAll(async () => {
    upstream = await startToolUpstream('tracker', ['echo']);
    asking = await startAskingUpstream();
    store = await RedisServer.start();
  });
  afterAll(async () => {
    await store.close();
    await asking[Symbol.asyncDispose]();
    await upstream.close();
  });
  beforeEach(async () => {
    await store.command('FLUSHALL');
    replicas = await Replicas.open(store, { tracker: upstream.url, asking: asking.url });
  });
  afterEach(() => replicas[Symbol.asyncDispose]());

  it('serve any legacy session, whichever was asked to open it', async () => {
    const three = await replicas.startMany(3);
    await using balancer = await startRoundRobin(three.map(({ url }) => url));
    const session = await openSession(balancer.url);
    for (let id = 1; id <= 9; id += 1)
      expect((await legacyMessage(balancer.url, session, { id, method: 'tools/list' })).status).toBe(200);
    expect(Math.min(...balancer.answered)).toBeGreaterThan(2);
    const { status } = await rawRequest(three[1]!.url, { method: 'DELETE', headers: session });
    expect(status).toBe(204);
    for (const { url } of three)
      expect((await legacyRequest(url, 'tools/list', {}, session)).status).toBe(404);
  });
});
