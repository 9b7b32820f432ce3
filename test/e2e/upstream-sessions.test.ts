import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstreams: FastUpstream[];
beforeEach(async () => {
  upstreams = [
    await startToolUpstream('one', ['a'], { eras: ['legacy'] }),
    await startToolUpstream('two', ['b'], { eras: ['legacy'] }),
  ];
});
afterEach(() => Promise.all(upstreams.map((upstream) => upstream.close())));

const config = (over: Readonly<Record<string, unknown>> = {}): string =>
  configuration({ one: upstreams[0]!.url, two: upstreams[1]!.url }, over);

const allHave = (count: number) =>
  Promise.all(upstreams.map((each) => each.until(() => each.sessions.size === count)));

describe('the sessions that a session of a client has upstream', () => {
  it('are deleted when the client deletes its own', async () => {
    await using gateway = await startTestGateway(config());
    const [session, other] = [await openSession(gateway.url()), await openSession(gateway.url())];
    await allHave(2);
    await rawRequest(gateway.url(), { method: 'DELETE', headers: session });
    await allHave(1);
    expect((await legacyRequest(gateway.url(), 'tools/list', {}, other)).status).toBe(200);
  });

  it('are deleted when the client has not been heard of for the idle time', async () => {
    await using gateway = await startTestGateway(config({ sessions: { idle: '50ms' } }));
    const session = await openSession(gateway.url());
    await allHave(0);
    expect((await legacyRequest(gateway.url(), 'tools/list', {}, session)).status).toBe(404);
  });

  it('are deleted when the session is too old, though it is in use', async () => {
    await using gateway = await startTestGateway(config({ sessions: { idle: '2s', absolute: '4s' } }));
    const session = await openSession(gateway.url());
    const reader = await openGetStream(gateway.url(), session);
    await allHave(0);
    await reader;
  });

  it('are deleted when the gateway ends', async () => {
    const gateway = await startTestGateway(config());
    await openSession(gateway.url());
    await allHave(1);
    await gateway.close();
    for (const { sessions } of upstreams) expect([...sessions]).toEqual([]);
  });

  it('are deleted when the upstream is taken out of the configuration', async () => {
    await using gateway = await startTestGateway(config());
    await openSession(gateway.url());
    await gateway.load(configuration({ one: upstreams[0]!.url }));
    const [one, two] = upstreams;
    await two!.until(() => two!.sessions.size === 0);
    expect(one!.sessions.size).toBe(1);
  });
});

/** Opens the GET stream of a session; resolves with a promise of its end. */
const openGetStream = async (url: string, headers: Record<string, string>): Promise<Promise<unknown>> => {
  const answer = await fetch(url, { headers: { ...headers, accept: 'text/event-stream' } });
  expect(answer.status).toBe(200);
  return answer.text().catch(() => undefined);
};
