import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type ChangeFeed, startFeed } from '../../support/change-feed.ts';
import { configuration } from '../../support/configuration.ts';
import { EventStreamClient } from '../../support/event-stream-client.ts';
import { type FastUpstream, refuse } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { openSession } from '../../support/legacy-client.ts';
import { openListen } from '../../support/listen-client.ts';
import { callTool } from '../../support/modern-client.ts';
import { answerWith, toolsNamed } from '../../support/offering-upstream.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

vi.setConfig({ testTimeout: 300_000 });

const SERVERS = 4;
const RELOADS = 50;
const TOOLS_CHANGED = 'notifications/tools/list_changed';

let feeds: ChangeFeed[];
let steady: FastUpstream;
let broken: FastUpstream;
beforeAll(async () => {
  feeds = await Promise.all(Array.from({ length: SERVERS }, () => startFeed()));
  // Another prefix changes no list of an upstream that lists nothing.
  for (const { upstream } of feeds)
    upstream.on('tools/list', (received) =>
      answerWith(received, { tools: toolsNamed('go') }, { ttlMs: 60_000, cacheScope: 'public' }),
    );
  steady = await startToolUpstream('steady', ['go']);
  broken = await startToolUpstream('broken', ['go']);
});
afterAll(async () => {
  for (const feed of feeds) await feed[Symbol.asyncDispose]();
  await steady.close();
  await broken.close();
});

/** What may change from one graph to the next. */
interface Shape {
  /** By server. */
  readonly prefixes: readonly number[];
  readonly limits: readonly number[];
  readonly extraListener: boolean;
  readonly level: string;
}

/** One edit; some are of a server, some of what belongs to none. */
const edits = fc.oneof(
  fc.record({ kind: fc.constant('prefix' as const), server: fc.nat(SERVERS - 1) }),
  fc.record({ kind: fc.constant('limit' as const), server: fc.nat(SERVERS - 1) }),
  fc.record({ kind: fc.constant('listener' as const) }),
  fc.record({ kind: fc.constant('log' as const) }),
  fc.record({ kind: fc.constant('broken' as const) }),
);
type Edit = typeof edits extends fc.Arbitrary<infer T> ? T : never;

const bumped = (numbers: readonly number[], at: number): readonly number[] =>
  numbers.map((number, index) => (index === at ? number + 1 : number));

const edited = (shape: Shape, edit: Edit): Shape => {
  switch (edit.kind) {
    case 'prefix':
      return { ...shape, prefixes: bumped(shape.prefixes, edit.server) };
    case 'limit':
      return { ...shape, limits: bumped(shape.limits, edit.server) };
    case 'listener':
      return { ...shape, extraListener: !shape.extraListener };
    case 'log':
      return { ...shape, level: shape.level === 'error' ? 'warn' : 'error' };
    case 'broken':
      return shape;
  }
};

const graph = ({ prefixes, limits, extraListener, level }: Shape): string => {
  const urls = Object.fromEntries(feeds.map(({ url }, index) => [`feed${index}`, url]));
  const yaml = JSON.parse(configuration({ ...urls, steady: steady.url, broken: broken.url }));
  const at = (path: string) => [{ listener: 'main', path }];
  yaml.upstreams.broken.breaker = { consecutive: 2, openFor: '10m' };
  yaml.servers = {
    steady: { at: at('/steady'), anonymous: true, expose: [{ upstream: 'steady' }], limits: ['slow'] },
    broken: { at: at('/broken'), anonymous: true, expose: [{ upstream: 'broken' }] },
  };
  yaml.limits = { slow: { type: 'rate', rate: '100/d' } };
  for (const [index, prefix] of prefixes.entries()) {
    yaml.limits[`limit${index}`] = { type: 'rate', rate: `${1000 + limits[index]!}/s` };
    const expose = [{ upstream: `feed${index}`, prefix: `p${prefix}_` }];
    yaml.servers[`s${index}`] = { at: at(`/s${index}`), anonymous: true, expose, limits: [`limit${index}`] };
  }
  if (extraListener) yaml.listeners.extra = { bind: '127.0.0.1:0', serve: ['health'] };
  yaml.telemetry = { log: { level } };
  yaml.reload = { watch: false, drain: { window: '20ms' } };
  return JSON.stringify(yaml);
};

/** What one client has open at one server: a subscription, and a session with its stream. */
const open = async (gateway: TestGateway, index: number) => {
  const url = gateway.audience(`s${index}`);
  const session = await openSession(url);
  return {
    modern: await openListen(url, { toolsListChanged: true }),
    legacy: await EventStreamClient.open(url, { headers: { ...session, accept: 'text/event-stream' } }),
  };
};

it(`streams of servers that do not change are told nothing by ${RELOADS} reloads of any others, and limits and breakers forget nothing`, async () => {
  const runs = fc.array(edits, { minLength: RELOADS, maxLength: RELOADS });
  await fc.assert(
    fc.asyncProperty(runs, async (run) => {
      let shape: Shape = {
        prefixes: Array.from({ length: SERVERS }, () => 0),
        limits: Array.from({ length: SERVERS }, () => 0),
        extraListener: false,
        level: 'error',
      };
      await using gateway = await startTestGateway(graph(shape), { tap: false });
      const clients = await Promise.all(feeds.map((_, index) => open(gateway, index)));
      const remaining = async () =>
        Number(
          /r=(\d+)/.exec(String((await callTool(gateway.audience('steady'), 'go')).headers.ratelimit))![1],
        );
      const code = async () => (await callTool(gateway.audience('broken'), 'go')).body.error?.data.code;
      const first = await remaining();
      broken.behave(refuse(500));
      for (let failure = 0; failure < 2; failure += 1) await code();
      const asked = broken.calls;

      for (const [step, edit] of run.entries()) {
        const before = clients.map(({ modern, legacy }) => [modern.messages.length, legacy.messages.length]);
        shape = edited(shape, edit);
        const text =
          edit.kind === 'broken' ? graph(shape).replace('"listeners"', '"listners"') : graph(shape);
        const { result, error } = await gateway.load(text);
        expect([result, error]).toEqual([edit.kind === 'broken' ? 'rejected' : 'applied', undefined]);
        expect(await remaining()).toBe(first - step - 1);
        expect(await code()).toBe('breaker_open');
        const changed = 'server' in edit ? edit.server : undefined;
        if (changed !== undefined) {
          const { modern, legacy } = clients[changed]!;
          expect([await modern.over, await legacy.over]).toEqual(['ended', 'ended']);
          const isTold = legacy.messages.some(({ method }) => method === TOOLS_CHANGED);
          expect(isTold).toBe(edit.kind === 'prefix');
          clients[changed] = await open(gateway, changed);
        }
        for (const [index, { modern, legacy }] of clients.entries())
          if (index !== changed)
            expect([modern.messages.length, legacy.messages.length]).toEqual(before[index]);
      }

      expect(broken.calls).toBe(asked);
      for (const [index, { modern }] of clients.entries()) {
        feeds[index]!.tell(TOOLS_CHANGED, {});
        await modern.message(({ method }) => method === TOOLS_CHANGED);
      }
      for (const { modern, legacy } of clients) {
        modern.close();
        legacy.close();
      }
    }),
    { numRuns: 2 },
  );
});
