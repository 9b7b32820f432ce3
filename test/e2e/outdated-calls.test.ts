import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import { answer, type FastUpstream, type Received } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { openListen } from '../support/listen-client.ts';
import { callTool } from '../support/modern-client.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

vi.setConfig({ testTimeout: 60_000 });

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let upstream: FastUpstream;
let held: Received[];
beforeEach(async () => {
  held = [];
  upstream = await startToolUpstream('tracker', ['get_issue']);
  upstream.behave((received) => held.push(received));
});
afterEach(() => upstream.close());

const DRAIN = { watch: false, drain: { window: '50ms', deadline: '300ms' } };

/** Two servers of one upstream: the rule of `main` changes, `steady` stays as it is. */
const yamlOf = (
  rule: string,
  reload: object = DRAIN,
  labels: Readonly<Record<string, string>> = {},
): string => {
  const whole = JSON.parse(
    configuration(
      { tracker: upstream.url },
      { reload, server: { policies: ['rule'], labels }, policies: { rule: { type: 'cel', allow: rule } } },
    ),
  );
  whole.servers.steady = {
    at: [{ listener: 'main', path: '/steady' }],
    anonymous: true,
    expose: [{ upstream: 'tracker' }],
  };
  return JSON.stringify(whole);
};

const applied = async (gateway: TestGateway, text: string): Promise<void> => {
  const { result, error } = await gateway.load(text);
  expect([result, error]).toEqual(['applied', undefined]);
};

/** How a call ends: by the code of its error, or by its status. */
const outcome = (call: ReturnType<typeof callTool>): Promise<string> =>
  call.then(({ status, body }) => body.error?.data.code ?? String(status));

const isOpen = ({ response }: Received): boolean => !response.destroyed && !response.writableEnded;

describe('calls of a server whose rules have changed', () => {
  it('are cut at the deadline of the drain, though their upstream is the same; those of other servers go on', async () => {
    await using gateway = await startTestGateway(yamlOf('true'), { tap: false });
    const changed = outcome(callTool(gateway.url('main'), 'get_issue'));
    const steady = outcome(callTool(gateway.url('steady'), 'get_issue'));
    const session = await openSession(gateway.url('main'));
    const params = { name: 'get_issue', arguments: {} };
    const legacy = legacyRequest(gateway.url('main'), 'tools/call', params, session);
    await upstream.until(() => held.length === 3);
    await applied(gateway, yamlOf('true || true'));
    // Not at once: until the deadline they may finish.
    expect(held.every(isOpen)).toBe(true);
    const later = outcome(callTool(gateway.url('main'), 'get_issue'));
    await upstream.until(() => held.length === 4);

    expect(await changed).toBe('shutting_down');
    expect((await legacy).text).toContain('"code":"shutting_down"');
    for (const received of held.filter(isOpen)) answer(received);
    expect(await Promise.all([steady, later])).toEqual(['200', '200']);
  });

  it('are cut, and streams are not: these end with their result, or go on', async () => {
    const keep = { ...DRAIN, onPolicyChange: 'keep' };
    await using gateway = await startTestGateway(yamlOf('true', keep), { tap: false });
    const listen = await openListen(gateway.url('main'), { toolsListChanged: true });
    const session = await openSession(gateway.url('main'));
    const accept = 'text/event-stream';
    const get = await EventStreamClient.open(gateway.url('main'), { headers: { ...session, accept } });
    const call = outcome(callTool(gateway.url('main'), 'get_issue'));
    await upstream.until(() => held.length === 1);
    await applied(gateway, yamlOf('true || true', keep));
    expect(await call).toBe('shutting_down');
    expect(await listen.over).toBe('ended');
    expect(listen.messages.at(-1).result.resultType).toBe('complete');
    // What was cut with the call would be seen by now.
    await legacyRequest(gateway.url('main'), 'ping', {}, session);
    expect(await Promise.race([get.over, Promise.resolve('open')])).toBe('open');
    get.close();
  });

  it('go on where the rules come back before the deadline', async () => {
    const slow = { ...DRAIN, drain: { window: '50ms', deadline: '1h' } };
    await using gateway = await startTestGateway(yamlOf('true', slow), { tap: false });
    const call = outcome(callTool(gateway.url('main'), 'get_issue'));
    await upstream.until(() => held.length === 1);
    await applied(gateway, yamlOf('false', slow));
    await applied(gateway, yamlOf('true', slow));
    answer(held[0]!);
    expect(await call).toBe('200');
  });
});

describe('over fifty changes of a policy, with a call under each that does not end', () => {
  const CHANGES = 50;
  const reload = { ...DRAIN, drain: { window: '50ms', deadline: '1h' }, maxGenerations: 3 };
  /** What a graph has that nothing else does; each is about a megabyte. */
  const labels = (at: number) =>
    Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`l${n}`, `${at}-${n}`.padEnd(10_000, 'x')]));

  it.each([
    ['main', CHANGES - 3],
    ['steady', 0],
  ])('no more generations live than may, nor what only they had: calls of `%s`', async (server, cut) => {
    await using gateway = await startTestGateway(yamlOf('true', reload, labels(0)), { tap: false });
    const outcomes: string[] = [];
    const call = async (count: number): Promise<void> => {
      void outcome(callTool(gateway.url(server), 'get_issue')).then(
        (code) => outcomes.push(code),
        () => undefined,
      );
      await upstream.until(() => held.length === count);
    };
    await call(1);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let at = 1; at < CHANGES; at += 1) {
      await applied(gateway, yamlOf(`${at} > 0`, reload, labels(at)));
      await call(at + 1);
    }
    const alive = async () => (await scrape(gateway.opsUrl)).get('gatewright_generations{state="draining"}');
    await expect.poll(alive, { timeout: 10_000 }).toBeLessThanOrEqual(2);
    await expect.poll(() => outcomes.length, { timeout: 10_000 }).toBe(cut);
    expect(new Set(outcomes)).toEqual(new Set(cut === 0 ? [] : ['shutting_down']));
    const grown = () => {
      collect();
      return process.memoryUsage().heapUsed - before;
    };
    // Three generations, and as many sources; fifty would be fifty times a megabyte, and more.
    await expect.poll(grown, { timeout: 10_000, interval: 200 }).toBeLessThan(20e6);
    for (const received of held.filter(isOpen)) answer(received);
  });
});
