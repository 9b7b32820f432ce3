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

const yamlOf = (workers: number, over: object, reload: object = {}): string =>
  configuration(
    { asking: upstream.url },
    {
      workers,
      reload: { watch: false, drain: { window: '20ms', deadline: '1s' }, ...reload },
      ...over,
    },
  );

const park = (gateway: StartedGateway): Promise<Asked[]> =>
  Promise.all(Array.from({ length: CALLS }, async () => askedBy(await ableCall(gateway.url, 'order', ARGS))));

const retry = (gateway: StartedGateway, asked: Asked) =>
  retryCall(gateway.url, 'order', ARGS, asked, answersTo(asked, named('Ada')));

const draining = async (gateway: StartedGateway) =>
  (await scrape(gateway.opsUrl)).get('gatewright_generations{state="draining"}');

describe.each([1, 2])('calls that wait for input, with %i thread(s)', (workers) => {
  it('are taken back at the deadline of the drain where their upstream has changed; until then they go on', async () => {
    await using gateway = await StartedGateway.start(yamlOf(workers, {}));
    const asked = await park(gateway);
    const cancelled = once(upstream.events, 'cancelled');
    const changed = yamlOf(workers, { upstream: { timeouts: { call: '50s' } } });
    expect((await gateway.load(changed)).result).toBe('applied');
    expect(outcomeOf(await retry(gateway, asked[0]!))).toEqual(named('Ada'));
    expect(await draining(gateway)).toBe(1);
    await cancelled;
    await expect.poll(() => draining(gateway), { timeout: 10_000 }).toBe(0);
    for (const each of asked.slice(1))
      expect((await retry(gateway, each)).body.error).toMatchObject({ data: { code: 'shutting_down' } });
    expect(upstream.executed.get('order')).toBe(CALLS);
  });

  it('go on, judged anew, where only rules have changed', async () => {
    await using gateway = await StartedGateway.start(yamlOf(workers, {}));
    const asked = await park(gateway);
    const policies = { rule: { type: 'cel', allow: 'true' } };
    const changed = yamlOf(workers, { server: { policies: ['rule'] }, policies });
    expect((await gateway.load(changed)).result).toBe('applied');
    await expect.poll(() => draining(gateway), { timeout: 10_000 }).toBe(0);
    for (const each of asked) expect(outcomeOf(await retry(gateway, each))).toEqual(named('Ada'));
  });
});
