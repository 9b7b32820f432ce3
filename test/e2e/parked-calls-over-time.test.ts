import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ABLE, ableCall, answersTo, askedBy, named, outcomeOf, retryCall } from '../support/asking.ts';
import { configuration } from '../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { tapUpstream, type UpstreamTap } from '../support/wire-tap.ts';
import { type AskingUpstream, startAskingUpstream } from './clients/upstreams/asking-http.ts';

const ASKING = fileURLToPath(import.meta.resolve('./clients/upstreams/asking-stdio.ts'));
const ARGS = { item: 'tea' };

let upstream: AskingUpstream;
let tap: UpstreamTap;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await startAskingUpstream();
  tap = await tapUpstream(upstream.url);
  gateway = await startTestGateway(configuration({ asking: tap.url }));
});
afterEach(async () => {
  await gateway.close();
  await tap.close();
  await upstream[Symbol.asyncDispose]();
});

const ask = async () => askedBy(await ableCall(gateway.url(), 'order', ARGS));
const retry = (asked: Awaited<ReturnType<typeof ask>>) =>
  retryCall(gateway.url(), 'order', ARGS, asked, answersTo(asked, named('Ada')));

const saidByGateway = (): Readonly<Record<string, unknown>>[] =>
  tap.messages.filter(({ from }) => from === 'client').map(({ message }) => ({ ...message }));

describe('a parked call', () => {
  it('outlives a reload, and goes on under the new configuration', async () => {
    const asked = await ask();
    const limits = { calls: { type: 'bounds', callTimeout: '30s' } };
    await gateway.load(configuration({ asking: tap.url }, { server: { limits: ['calls'] }, limits }));
    expect(outcomeOf(await retry(asked))).toEqual(named('Ada'));
    expect(upstream.executed.get('order')).toBe(1);
  });

  it('does not go on where a policy has come to deny it', async () => {
    const asked = await ask();
    const policies = { none: { type: 'cel', deny: "tool.name == 'order'" } };
    await gateway.load(configuration({ asking: tap.url }, { server: { policies: ['none'] }, policies }));
    const { body } = await retry(asked);
    expect(body.error).toBeDefined();
    expect(JSON.stringify(saidByGateway())).not.toContain('accept');
  });

  it('is taken back when its upstream is taken out of the configuration', async () => {
    const asked = await ask();
    const other = await startAskingUpstream();
    const drain = { window: '1ms', deadline: '1ms' };
    await gateway.load(configuration({ other: other.url }, { reload: { drain } }));
    await expect.poll(() => upstream.sessions.size, { timeout: 10_000 }).toBe(0);
    const { body } = await retry(asked);
    expect(body.error).toMatchObject({ code: -32602, data: { code: 'state_refused' } });
    expect(other.executed.size).toBe(0);
    await other[Symbol.asyncDispose]();
  });

  it('is taken back when its server is taken out of the configuration, though another has its upstream', async () => {
    await ask();
    const config = JSON.parse(
      configuration({ asking: tap.url }, { reload: { drain: { window: '1ms', deadline: '1ms' } } }),
    );
    config.servers = { other: { ...config.servers.main, at: [{ listener: 'main', path: '/other' }] } };
    const cancelled = once(upstream.events, 'cancelled');
    await gateway.load(JSON.stringify(config));
    await cancelled;
  });

  it('is taken back when the gateway ends', async () => {
    await ask();
    await gateway.close();
    const cancelled = saidByGateway().some(({ method }) => method === 'notifications/cancelled');
    expect(cancelled || upstream.sessions.size === 0).toBe(true);
  });

  it('is over when its stream breaks: the retry is told so, and nothing is executed again', async () => {
    const asked = await ask();
    tap.dropStreams();
    const { body } = await retry(asked);
    expect(body.error).toMatchObject({ code: -31003, data: { code: 'upstream_unavailable' } });
    expect(upstream.executed.get('order')).toBe(1);
    expect(outcomeOf(await ableCall(gateway.url(), 'link', { urls: [] }))).toBe('linked');
  });

  it('is over when its process ends', async () => {
    const stdio = { type: 'stdio', command: [process.execPath, ASKING], isolation: 'per-principal' };
    const config = configuration({}, { expose: [{ upstream: 'own' }], upstreams: { own: stdio } });
    await using before = await startTestGateway(config);
    const asked = askedBy(await ableCall(before.url(), 'order', ARGS));
    const status = JSON.parse(await (await fetch(`${before.opsUrl}/-/status`)).text());
    process.kill(status.upstreams.own.processes[0], 'SIGKILL');
    await expect.poll(async () => (await before.log()).includes('upstream process ended')).toBe(true);
    const { body } = await retryCall(before.url(), 'order', ARGS, asked, answersTo(asked, named('Ada')));
    expect(body.error).toMatchObject({ data: { code: 'upstream_unavailable' } });
  });

  it('is none where the client has gone away before it could be asked', async () => {
    const params = { name: 'order', arguments: ARGS };
    const aborting = new AbortController();
    const asking = request(gateway.url(), {
      method: 'POST',
      headers: modernHeaders('tools/call', params, {}),
      body: modernBody('tools/call', params, { capabilities: ABLE }),
      signal: aborting.signal,
    });
    const cancelled = once(upstream.events, 'cancelled');
    await once(upstream.events, 'executed');
    aborting.abort();
    await expect(asking).rejects.toThrow();
    await cancelled;
  });
});
