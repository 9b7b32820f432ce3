import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Asked, ableCall, answersTo, askedBy, named, outcomeOf, retryCall } from '../support/asking.ts';
import { configuration } from '../support/configuration.ts';
import { scrape } from '../support/scrape.ts';
import { StartedGateway } from '../support/started-gateway.ts';
import { type AskingUpstream, startAskingUpstream } from './clients/upstreams/asking-http.ts';

vi.setConfig({ testTimeout: 60_000 });

const ARGS = { item: 'tea' };
/** As many as reach each of two threads. */
const CALLS = 8;

let upstream: AskingUpstream;
beforeEach(async () => {
  upstream = await startAskingUpstream();
});
afterEach(() => upstream[Symbol.asyncDispose]());

const yamlOf = (workers: number, deadline: string, over: object = {}): string =>
  configuration(
    { asking: upstream.url },
    { workers, reload: { watch: false, drain: { window: '20ms', deadline } }, ...over },
  );

const applied = async (gateway: StartedGateway, text: string): Promise<void> => {
  const { result, error } = await gateway.load(text);
  expect([result, error]).toEqual(['applied', undefined]);
};

const park = (gateway: StartedGateway): Promise<Asked[]> =>
  Promise.all(Array.from({ length: CALLS }, async () => askedBy(await ableCall(gateway.url, 'order', ARGS))));

const retry = (gateway: StartedGateway, asked: Asked) =>
  retryCall(gateway.url, 'order', ARGS, asked, answersTo(asked, named('Ada')));

const draining = async (gateway: StartedGateway) =>
  (await scrape(gateway.opsUrl)).get('gatewright_generations{state="draining"}');

describe.each([1, 2])('calls that wait for input, with %i thread(s)', (workers) => {
  it('go on, judged anew, where only rules changed, and are taken back at the deadline where their upstream did', async () => {
    await using gateway = await StartedGateway.start(yamlOf(workers, '100ms'));
    const asked = await park(gateway);
    const policies = { rule: { type: 'cel', allow: 'true' } };
    await applied(gateway, yamlOf(workers, '100ms', { server: { policies: ['rule'] }, policies }));
    await expect.poll(() => draining(gateway), { timeout: 10_000 }).toBe(0);
    for (const each of asked) expect(outcomeOf(await retry(gateway, each))).toEqual(named('Ada'));

    // Where their upstream has changed they do so until the deadline of the drain.
    const others = await park(gateway);
    const cancelled = once(upstream.events, 'cancelled');
    await applied(gateway, yamlOf(workers, '4s', { upstream: { timeouts: { call: '50s' } } }));
    expect(outcomeOf(await retry(gateway, others[0]!))).toEqual(named('Ada'));
    await cancelled;
    await expect.poll(() => draining(gateway), { timeout: 10_000 }).toBe(0);
    for (const each of others.slice(1))
      expect((await retry(gateway, each)).body.error).toMatchObject({ data: { code: 'shutting_down' } });
    expect(upstream.executed.get('order')).toBe(2 * CALLS);
  });
});
