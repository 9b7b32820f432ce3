import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CliProcess } from '../support/cli-process.ts';
import { configuration } from '../support/configuration.ts';
import { answer, type FastUpstream, type Received } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { legacyRequest } from '../support/legacy-client.ts';
import { callTool } from '../support/modern-client.ts';
import { isRedisMissing, PASSWORD, RedisServer } from '../support/redis-server.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

// Gateways load the program anew.
vi.setConfig({ testTimeout: 60_000 });

interface Outcomes {
  readonly admitted: number;
  readonly limited: number;
  readonly refused: number;
}

describe.skipIf(isRedisMissing)('gateways that share a store', () => {
  let server: RedisServer;
  let upstream: FastUpstream;
  let folder: string;
  let replicas: CliProcess[];

  const yaml = (state: object, rate: string, over: object = {}): string =>
    configuration(
      { tracker: upstream.url },
      {
        state: {
          type: 'valkey',
          url: server.url,
          password: '${env:STATE_PASSWORD}',
          timeout: '10s',
          ...state,
        },
        server: { limits: ['fair'] },
        limits: { fair: { type: 'rate', rate, burst: 100, key: [] } },
        ...over,
      },
    );

  const replica = async (text: string): Promise<string> => {
    await writeFile(join(folder, 'gateway.yaml'), text);
    const env = { STATE_PASSWORD: PASSWORD };
    const cli = new CliProcess(['run'], { cwd: folder, env });
    replicas.push(cli);
    const [, url] = await cli.seen(/main +(http:\/\/127\.0\.0\.1:\d+\/mcp)/);
    return url!;
  };

  /** Calls one after the other in turn, eight at a time; each is answered with 200, 429 or 503. */
  const call = async (urls: readonly string[], times: number): Promise<Outcomes> => {
    const statuses: number[] = [];
    let next = 0;
    const caller = async (): Promise<void> => {
      while (next < times) {
        const url = urls[next % urls.length]!;
        next += 1;
        statuses.push((await callTool(url, 'echo')).status);
      }
    };
    await Promise.all(Array.from({ length: 8 }, caller));
    const many = (status: number) => statuses.filter((each) => each === status).length;
    const found = { admitted: many(200), limited: many(429), refused: many(503) };
    expect(found.admitted + found.limited + found.refused).toBe(times);
    return found;
  };

  beforeAll(async () => {
    upstream = await startToolUpstream('tracker', ['echo']);
    server = await RedisServer.start();
  });
  afterAll(async () => {
    await server.close();
    await upstream.close();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewright-replicas-'));
    replicas = [];
    await server.command('FLUSHALL');
  });
  afterEach(async () => {
    await Promise.all(replicas.map((each) => each.close()));
    await rm(folder, { recursive: true });
  });

  it.each([
    ['100/d', 86_400_000],
    ['100/m', 60_000],
  ])(
    '[RATE-01/replicas] three processes admit together exactly what a quota of %s allows',
    async (rate, periodMs) => {
      const urls = await Promise.all([1, 2, 3].map(() => replica(yaml({}, rate))));
      const calls = upstream.calls;
      const startedMs = performance.now();
      const { admitted, refused } = await call(urls, 180);
      const due = 100 + Math.floor(((performance.now() - startedMs) * 100) / periodMs);
      expect(refused).toBe(0);
      expect(admitted).toBeGreaterThanOrEqual(100);
      expect(admitted).toBeLessThanOrEqual(due);
      expect(upstream.calls - calls).toBe(admitted);
    },
  );

  it.each([1, 2])('tells on status what it was told last of a key, with %i threads', async (workers) => {
    const limits = {
      fair: { type: 'rate', rate: '1/d', burst: 10, key: ['client.address'] },
      daily: { type: 'quota', quota: '20/3650d', key: [] },
    };
    const text = yaml({}, '1/d', { workers, limits, server: { limits: ['fair', 'daily'] } });
    const env = { STATE_PASSWORD: PASSWORD };
    await using one = await startTestGateway(text, { env });
    await using other = await startTestGateway(text, { env });
    const told = async ({ opsUrl }: TestGateway): Promise<unknown> =>
      ((await (await fetch(`${opsUrl}/-/status`)).json()) as { limits: unknown }).limits;
    const nothing = { inStore: true, keys: 0, fullest: [], refusedLastMinute: 0 };
    expect(await told(one)).toEqual({
      fair: { type: 'rate', ...nothing },
      daily: { type: 'quota', ...nothing },
    });
    expect(await call([one.url()], 4)).toMatchObject({ admitted: 4 });
    expect(await call([other.url()], 1)).toMatchObject({ admitted: 1 });
    const fills = (fair: number, daily: number) => ({
      fair: { keys: 1, fullest: [{ key: expect.stringMatching(/^[0-9a-f]{12}$/), used: fair }] },
      daily: { keys: 1, fullest: [{ key: 'all', used: daily }] },
    });
    // Each as it saw it last.
    expect(await told(one)).toMatchObject(fills(0.4, 0.2));
    expect(await told(other)).toMatchObject(fills(0.5, 0.25));
    expect(await one.metrics()).toContain('gatewright_limit_fullest_ratio{limit="daily"} 0.2\n');
  });

  it('tells the client of the quota of all, whichever replica answers', async () => {
    const text = yaml({}, '100/d');
    const [one, other] = [await replica(text), await replica(text)];
    expect((await callTool(one, 'echo')).headers.ratelimit).toMatch(/^"fair";r=99;t=\d+$/);
    expect((await callTool(other, 'echo')).headers.ratelimit).toMatch(/^"fair";r=98;t=\d+$/);
  });

  it('counts sessions of legacy clients with all that they ask', async () => {
    await using gateway = await startTestGateway(
      yaml({}, '1/d', { limits: { fair: { type: 'rate', rate: '1/d', burst: 1, key: [] } } }),
      { env: { STATE_PASSWORD: PASSWORD } },
    );
    const hello = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test-client', version: '1.0.0' },
    };
    expect((await legacyRequest(gateway.url(), 'initialize', hello)).status).toBe(200);
    const refused = await legacyRequest(gateway.url(), 'initialize', hello);
    expect(JSON.parse(refused.text).error.data).toMatchObject({ code: 'rate_limited', limit: 'fair' });
  });

  it('with `deny`, refuses by code what it cannot count, and counts on by itself once the store is back', async () => {
    await using gateway = await startTestGateway(yaml({ onUnavailable: 'deny' }, '100/d'), {
      env: { STATE_PASSWORD: PASSWORD },
    });
    expect(await gateway.metrics()).toContain('gatewright_state_up 1\n');
    const under = call([gateway.url()], 400);
    await server.stop();
    const { admitted, limited, refused } = await under;
    expect(admitted + limited + refused).toBe(400);
    const calls = upstream.calls;
    const answer = await callTool(gateway.url(), 'echo');
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.body.error.data).toMatchObject({ code: 'state_unavailable' });
    expect(upstream.calls).toBe(calls);
    expect(await gateway.metrics()).toContain('gatewright_state_up 0\n');
    await server.resume();
    await vi.waitFor(async () => expect((await callTool(gateway.url(), 'echo')).status).toBe(200), {
      timeout: 10_000,
    });
    const log = await gateway.log();
    expect(log.match(/the state store is away/g)).toHaveLength(1);
    expect(log.match(/the state store is back/g)).toHaveLength(1);
    expect(log).not.toContain(PASSWORD);
  });

  it('with `local`, counts for itself while the store is away, and refuses nobody for it', async () => {
    await using gateway = await startTestGateway(yaml({ onUnavailable: 'local' }, '100/d'), {
      env: { STATE_PASSWORD: PASSWORD },
    });
    expect(await call([gateway.url()], 60)).toEqual({ admitted: 60, limited: 0, refused: 0 });
    const under = call([gateway.url()], 60);
    await server.stop();
    expect((await under).refused).toBe(0);
    const { refused, limited } = await call([gateway.url()], 120);
    expect(refused).toBe(0);
    expect(limited).toBeGreaterThanOrEqual(20);
    await server.resume();
    await vi.waitFor(async () => expect(await gateway.metrics()).toContain('gatewright_state_up 1\n'), {
      timeout: 10_000,
    });
    expect((await callTool(gateway.url(), 'echo')).headers.ratelimit).toMatch(/^"fair";r=99;/);
  });

  it('starts without its store, by the same rule', async () => {
    const away = { url: 'redis://127.0.0.1:9', onUnavailable: 'local' };
    await using gateway = await startTestGateway(yaml(away, '100/d'), { env: { STATE_PASSWORD: PASSWORD } });
    expect((await callTool(gateway.url(), 'echo')).status).toBe(200);
    expect(await gateway.metrics()).toContain('gatewright_state_up 0\n');
  });

  it('refuses a reload to another store, or to none, and serves on', async () => {
    await using gateway = await startTestGateway(yaml({}, '100/d'), { env: { STATE_PASSWORD: PASSWORD } });
    const other = await gateway.load(yaml({ prefix: 'other' }, '100/d'));
    expect(other).toMatchObject({ result: 'rejected', error: { fields: ['state'] } });
    const none = configuration({ tracker: upstream.url });
    expect(await gateway.load(none)).toMatchObject({ result: 'rejected' });
    expect((await callTool(gateway.url(), 'echo')).headers.ratelimit).toMatch(/^"fair";r=99;/);
  });

  describe('with a limit on calls at a time', () => {
    let open: Received[];
    let most: number;

    beforeEach(() => {
      open = [];
      most = 0;
      upstream.behave((received) => {
        open.push(received);
        most = Math.max(most, open.length);
      });
    });

    afterEach(() => upstream.behave(answer));

    const few = (limit: object, over: object = {}, state: object = {}): string =>
      yaml(state, '1/d', {
        server: { limits: ['few'] },
        limits: { few: { type: 'concurrency', key: [], queue: 100, queueTimeout: '30s', ...limit } },
        ...over,
      });

    const answerAll = (): void => {
      for (const each of open.splice(0)) answer(each);
    };

    it('[RATE-02/replicas] let no more run than are allowed, over all their threads, and each in the end', async () => {
      const urls = [await replica(few({ max: 3 }, { workers: 2 })), await replica(few({ max: 3 }))];
      const calls = upstream.calls;
      const answered = Promise.all(Array.from({ length: 90 }, (_, at) => callTool(urls[at % 2]!, 'echo')));
      await vi.waitFor(() => expect(open).toHaveLength(3), { timeout: 20_000 });
      const answering = setInterval(() => answerAll(), 20);
      const answers = await answered.finally(() => clearInterval(answering));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(90);
      expect([upstream.calls - calls, most]).toEqual([90, 3]);
    }, 60_000);

    it('[RATE-02/replicas] get the places of one that dies, and refuse at once where nobody may wait', async () => {
      const [dying, other] = [await replica(few({ max: 2 })), await replica(few({ max: 2, queue: 0 }))];
      const lost = Promise.allSettled([callTool(dying, 'echo'), callTool(dying, 'echo')]);
      await vi.waitFor(() => expect(open).toHaveLength(2), { timeout: 20_000 });
      const refused = await callTool(other, 'echo');
      expect([refused.status, refused.body.error.data.code]).toEqual([429, 'concurrency_limited']);
      await replicas[0]!.close();
      await lost;
      open = [];
      const killedMs = performance.now();
      await vi.waitFor(
        async () => {
          const call = callTool(other, 'echo');
          await Promise.race([call, vi.waitFor(() => expect(open).toHaveLength(1), { timeout: 10_000 })]);
          answerAll();
          expect((await call).status).toBe(200);
        },
        { timeout: 20_000, interval: 200 },
      );
      expect(performance.now() - killedMs).toBeLessThan(15_000);
    }, 60_000);

    it.each([1, 2])(
      'leave no place behind at an orderly end that cuts more calls than are told at once (threads: %i)',
      async (workers) => {
        // All calls are of one caller, which uses seven eighths of the connections at most.
        const wide = { upstream: { connections: 600 }, listener: { connections: { perAddress: 500 } } };
        await using gateway = await startTestGateway(few({ max: 450, queue: 100 }, { workers, ...wide }), {
          env: { STATE_PASSWORD: PASSWORD },
          tap: false,
        });
        const keys = (): Promise<unknown> => server.command('KEYS', '*:places:*');
        const cut = Promise.allSettled(Array.from({ length: 500 }, () => callTool(gateway.url(), 'echo')));
        await vi.waitFor(() => expect(open).toHaveLength(450), { timeout: 20_000 });
        expect(await keys()).toHaveLength(1);
        await gateway.close();
        expect(await keys()).toEqual([]);
        await cut;
      },
      60_000,
    );

    it('refuse by code, or count for themselves, what cannot be counted while the store is away', async () => {
      const env = { STATE_PASSWORD: PASSWORD };
      const away = (onUnavailable: string) =>
        startTestGateway(few({ max: 1, queue: 0 }, {}, { url: 'redis://127.0.0.1:9', onUnavailable }), {
          env,
        });
      await using strict = await away('deny');
      expect((await callTool(strict.url(), 'echo')).body.error.data.code).toBe('state_unavailable');
      await using lenient = await away('local');
      const running = callTool(lenient.url(), 'echo');
      await vi.waitFor(() => expect(open).toHaveLength(1), { timeout: 20_000 });
      expect((await callTool(lenient.url(), 'echo')).status).toBe(429);
      answerAll();
      expect((await running).status).toBe(200);
    });
  });

  it('threads of one process share the store with all others', async () => {
    const [one, other] = [await replica(yaml({}, '100/d', { workers: 2 })), await replica(yaml({}, '100/d'))];
    expect((await call([one, other], 180)).admitted).toBe(100);
  });
});
