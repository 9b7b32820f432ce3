import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { answer, type FastUpstream, type Received } from '../support/fast-upstream.ts';
import { openListen } from '../support/listen-client.ts';
import { callTool } from '../support/modern-client.ts';
import { scrape } from '../support/scrape.ts';
import { StartedGateway } from '../support/started-gateway.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
beforeEach(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterEach(() => upstream.close());

const graph = (prefix: string, reload: object, shutdown: object = {}): string =>
  configuration(
    { tracker: upstream.url },
    { expose: [{ upstream: 'tracker', prefix }], reload: { watch: false, ...reload }, shutdown },
  );

const applied = async (gateway: StartedGateway, text: string): Promise<void> => {
  const { result, error } = await gateway.load(text);
  expect([result, error]).toEqual(['applied', undefined]);
};

const draining = async ({ opsUrl }: StartedGateway): Promise<number> =>
  (await scrape(opsUrl)).get('gatewright_generations{state="draining"}') ?? Number.NaN;

describe('generations that are drained', () => {
  it('are so many at most, the oldest giving way with what they hold once they had their window', async () => {
    const reload = { watch: false, drain: { window: '100ms', deadline: '5m' }, maxGenerations: 3 };
    const own = (generation: number) => configuration({ [`tracker${generation}`]: upstream.url }, { reload });
    await using gateway = await StartedGateway.start(own(0));
    const held: Received[] = [];
    upstream.behave((received) => held.push(received));
    const calls: Promise<string>[] = [];
    for (let generation = 0; generation < 6; generation += 1) {
      if (generation > 0) await applied(gateway, own(generation));
      const call = callTool(gateway.url, 'get_issue');
      calls.push(call.then(({ status, body }) => body.error?.data.code ?? String(status)));
      await upstream.until(() => held.length === generation + 1);
    }
    await expect.poll(() => draining(gateway), { timeout: 30_000 }).toBe(2);
    // The oldest three were cut, long before the deadline of the drain.
    expect(await Promise.all(calls.slice(0, 3))).toEqual(Array(3).fill('shutting_down'));
    for (const received of held.slice(3)) answer(received);
    expect(await Promise.all(calls.slice(3))).toEqual(Array(3).fill('200'));
    await expect.poll(() => draining(gateway), { timeout: 30_000 }).toBe(0);
  });

  it('end their streams one by one over the window, not all at once', async () => {
    // Each of them has 20 ms of it.
    const reload = { drain: { window: '2s' } };
    await using gateway = await StartedGateway.start(graph('a_', reload));
    const streams = await Promise.all(
      Array.from({ length: 60 }, (_, id) => openListen(gateway.url, { toolsListChanged: true }, { id })),
    );
    await applied(gateway, graph('b_', reload));
    const endsMs = await Promise.all(
      streams.map(async (stream) => {
        expect(await stream.over).toBe('ended');
        expect(stream.messages.at(-1)).toMatchObject({ result: { resultType: 'complete' } });
        return performance.now();
      }),
    );
    expect(Math.max(...endsMs) - Math.min(...endsMs)).toBeGreaterThan(200);
  });

  it('go by the window of reloads, the end of the process by its own', async () => {
    const reload = { drain: { window: '5m', deadline: '10m' } };
    const shutdown = { window: '50ms', deadline: '2s' };
    const text = graph('a_', reload, shutdown);
    await using gateway = await StartedGateway.start(text);
    const held: Received[] = [];
    upstream.behave((received) => held.push(received));
    const call = callTool(gateway.url, 'a_get_issue').then(
      ({ body }) => body.error?.data.code,
      (error: Error) => error,
    );
    const stream = await openListen(gateway.url, { toolsListChanged: true });
    await upstream.until(() => held.length === 1);
    await applied(gateway, graph('b_', reload, shutdown));
    expect(await draining(gateway)).toBe(1);
    gateway.cli.child.kill('SIGTERM');
    expect(await gateway.cli.exited()).toBe(0);
    expect(await stream.over).toBe('ended');
    expect(await call).toBeInstanceOf(Error);
  });
});
