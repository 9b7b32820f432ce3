import { expect, it, onTestFinished, vi } from 'vitest';
import { ableCall, answersTo, askedBy, named, outcomeOf, retryCall } from '../support/asking.ts';
import { configuration } from '../support/configuration.ts';
import { beginStream, endStream, type Received } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openSession, streamedRequest } from '../support/legacy-client.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';
import { startAskingUpstream } from './clients/upstreams/asking-http.ts';

vi.setConfig({ testTimeout: 60_000 });

const POLL = { timeout: 30_000 };

/** Another `call` is another upstream, which the calls of before do without. */
const yamlOf = (url: string, call: string): string =>
  configuration(
    { tracker: url },
    {
      reload: { watch: false, drain: { window: '50ms', deadline: '1h' } },
      upstream: { timeouts: { call } },
    },
  );

const swapped = async (gateway: TestGateway, text: string): Promise<void> => {
  const { result, error } = await gateway.load(text);
  expect([result, error]).toEqual(['applied', undefined]);
};

const sampled = async ({ opsUrl }: TestGateway, series: string) => (await scrape(opsUrl)).get(series);

/** By how many the graph of the start is held; undefined: it has been given back. */
const holders = (gateway: TestGateway) => () =>
  sampled(gateway, 'gatewright_generation_requests{generation="1"}');

const inFlight = (gateway: TestGateway) => () =>
  sampled(gateway, 'gatewright_requests_in_flight{listener="main"}');

it('holds its graph once: a streamed call of a session, with its connection and without', async () => {
  const held: Received[] = [];
  const upstream = await startToolUpstream('tracker', ['get_issue']);
  onTestFinished(() => upstream.close());
  upstream.behave((received) => {
    beginStream(received);
    held.push(received);
  });
  await using gateway = await startTestGateway(yamlOf(upstream.url, '60s'), { tap: false });
  const session = await openSession(gateway.url());
  const call = async (id: number) => {
    const params = { name: 'get_issue', arguments: {}, _meta: { progressToken: `p${id}` } };
    const stream = await streamedRequest(gateway.url(), session, { id, method: 'tools/call', params });
    await stream.message(({ method }) => method === 'notifications/progress');
    return stream;
  };
  const kept = await call(1);
  const lost = await call(2);
  await swapped(gateway, yamlOf(upstream.url, '50s'));
  await expect.poll(holders(gateway), POLL).toBe(2);

  lost.close();
  await expect.poll(inFlight(gateway), POLL).toBe(1);
  expect(await holders(gateway)()).toBe(2);

  endStream(held[0]!);
  expect((await kept.message(({ id }) => id === 1)).result).toBeDefined();
  await expect.poll(holders(gateway), POLL).toBe(1);
  endStream(held[1]!);
  await expect.poll(holders(gateway), POLL).toBeUndefined();
});

it('holds its graph once: a call that waits for input, and its retry', async () => {
  await using upstream = await startAskingUpstream();
  await using gateway = await startTestGateway(yamlOf(upstream.url, '60s'), { tap: false });
  const retry = (asked: ReturnType<typeof askedBy>) =>
    retryCall(gateway.url(), 'later', {}, asked, answersTo(asked, named('Ada')));
  const first = askedBy(await ableCall(gateway.url(), 'later'));
  await expect.poll(inFlight(gateway), POLL).toBe(0);
  const retried = retry(first);
  await expect.poll(inFlight(gateway), POLL).toBe(1);
  await swapped(gateway, yamlOf(upstream.url, '50s'));
  await expect.poll(holders(gateway), POLL).toBe(1);

  upstream.events.emit('go');
  const second = askedBy(await retried);
  await expect.poll(inFlight(gateway), POLL).toBe(0);
  expect(await holders(gateway)()).toBe(1);

  expect(outcomeOf(await retry(second))).toEqual([named('Ada'), named('Ada')]);
  await expect.poll(holders(gateway), POLL).toBeUndefined();
});
