import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { configuration } from '../support/configuration.ts';
import { type FastUpstream, hang, json, refuse } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { keyedCallers } from '../support/keyed-callers.ts';
import { callTool, modernBody, modernHeaders, modernRequest } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
const tools = ['echo', { name: 'fetch', annotations: { readOnlyHint: true } }];

beforeAll(async () => {
  upstream = await startToolUpstream('tracker', tools);
});
afterAll(() => upstream.close());

describe('rate limits', () => {
  it('[RATE-01] answers the eleventh call in a minute with 429 and tells when to come back', async () => {
    const [one, other] = [makeApiKey('one'), makeApiKey('other')];
    const keys = [one, other].map(({ hash }, at) => ({
      id: at === 0 ? 'one' : 'other',
      hash,
      servers: ['main'],
    }));
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        {
          identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
          server: { identity: ['robots'], limits: ['fair'] },
          limits: { fair: { type: 'rate', rate: '10/m' } },
        },
      ),
      { files: { 'keys.yaml': JSON.stringify({ keys }) } },
    );
    for (let call = 1; call <= 10; call += 1) {
      const answer = await callTool(gateway.url(), 'echo', {}, { token: one.key });
      expect(answer.status).toBe(200);
      expect(answer.headers['ratelimit-policy']).toBe('"fair";q=10;w=60');
      expect(String(answer.headers.ratelimit)).toMatch(new RegExp(`^"fair";r=${10 - call};t=\\d+$`));
    }
    const calls = upstream.calls;
    const refused = await callTool(gateway.url(), 'echo', {}, { token: one.key });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(6);
    expect(refused.headers.ratelimit).toMatch(/^"fair";r=0;t=\d+$/);
    expect(refused.body.error.data).toMatchObject({ code: 'rate_limited', limit: 'fair' });
    expect(upstream.calls).toBe(calls);
    expect((await callTool(gateway.url(), 'echo', {}, { token: other.key })).status).toBe(200);
  });

  it('[RATE-01] counts denied and unknown calls too, so that guessing is no way around', async () => {
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        { server: { limits: ['fair'] }, limits: { fair: { type: 'rate', rate: '2/m' } } },
      ),
    );
    expect((await callTool(gateway.url(), 'guess-1')).body.error.code).toBe(-32602);
    expect((await callTool(gateway.url(), 'guess-2')).body.error.code).toBe(-32602);
    expect((await callTool(gateway.url(), 'echo')).status).toBe(429);
  });

  it('counts the calls of named tools apart from the rest', async () => {
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        {
          server: { limits: ['heavy'] },
          limits: { heavy: { type: 'rate', rate: '1/m', key: ['tool.name'], tools: ['fetch'] } },
        },
      ),
    );
    expect((await callTool(gateway.url(), 'fetch')).status).toBe(200);
    expect((await callTool(gateway.url(), 'fetch')).status).toBe(429);
    expect((await callTool(gateway.url(), 'echo')).status).toBe(200);
    expect((await callTool(gateway.url(), 'echo')).status).toBe(200);
  });
});

describe('quotas', () => {
  it('let through exactly as many as they say, and tell when the next window begins', async () => {
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        {
          server: { limits: ['yearly', 'fair'] },
          limits: {
            yearly: { type: 'quota', quota: '3/3650d', key: [] },
            fair: { type: 'rate', rate: '600/m' },
          },
        },
      ),
    );
    for (const left of [2, 1, 0]) {
      const answer = await callTool(gateway.url(), 'echo');
      expect(answer.status).toBe(200);
      expect(answer.headers['ratelimit-policy']).toBe('"yearly";q=3;w=315360000, "fair";q=600;w=60');
      expect(answer.headers.ratelimit).toMatch(new RegExp(`^"yearly";r=${left};t=\\d+, "fair";r=\\d+;t=1$`));
    }
    const refused = await callTool(gateway.url(), 'echo');
    expect(refused.status).toBe(429);
    const { data } = refused.body.error;
    expect(data).toMatchObject({
      code: 'quota_exhausted',
      limit: 'yearly',
      rateLimit: [
        { limit: 'yearly', quota: 3, windowSeconds: 315_360_000, remaining: 0 },
        // What one limit refuses is not counted by another.
        { limit: 'fair', quota: 600, windowSeconds: 60, remaining: expect.any(Number) },
      ],
    });
    expect(Number(refused.headers['retry-after'])).toBe(Math.ceil(data.retryAfterMs / 1000));
    expect(Number.isInteger(data.retryAfterMs)).toBe(true);
  });

  it('are not used up by calls that another limit refuses', async () => {
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        {
          server: { limits: ['slow', 'yearly'] },
          limits: {
            slow: { type: 'rate', rate: '1/d', tools: ['fetch'] },
            yearly: { type: 'quota', quota: '3/3650d' },
          },
        },
      ),
    );
    expect((await callTool(gateway.url(), 'fetch')).status).toBe(200);
    for (let call = 0; call < 5; call += 1)
      expect((await callTool(gateway.url(), 'fetch')).body.error.data.limit).toBe('slow');
    expect((await callTool(gateway.url(), 'echo')).headers.ratelimit).toMatch(/"yearly";r=1;/);
  });

  it('keep what was counted over a reload, one that changes the number included', async () => {
    const yaml = (quota: string, body: string): string =>
      configuration(
        { tracker: upstream.url },
        {
          listener: { sizes: { body } },
          server: { limits: ['yearly'] },
          limits: { yearly: { type: 'quota', quota } },
        },
      );
    await using gateway = await startTestGateway(yaml('2/3650d', '1MiB'));
    await callTool(gateway.url(), 'echo');
    await gateway.load(yaml('2/3650d', '2MiB'));
    expect((await callTool(gateway.url(), 'echo')).status).toBe(200);
    expect((await callTool(gateway.url(), 'echo')).status).toBe(429);
    await gateway.load(yaml('3/3650d', '2MiB'));
    expect((await callTool(gateway.url(), 'echo')).status).toBe(200);
    expect((await callTool(gateway.url(), 'echo')).status).toBe(429);
  });

  it('and rates take what a request costs by its method, and leave alone what costs nothing', async () => {
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        {
          server: { limits: ['yearly', 'fair'] },
          limits: {
            yearly: { type: 'quota', quota: '10/3650d', cost: { 'tools/call': 4, 'tools/list': 0, '*': 1 } },
            fair: { type: 'rate', rate: '1/d', burst: 100, cost: { 'tools/call': 10 } },
          },
        },
      ),
    );
    const listed = await modernRequest(gateway.url(), 'tools/list');
    expect(listed.headers.ratelimit).toMatch(/^"fair";r=99;t=\d+$/);
    for (const left of [6, 2])
      expect((await callTool(gateway.url(), 'echo')).headers.ratelimit).toMatch(
        new RegExp(`^"yearly";r=${left};`),
      );
    expect((await callTool(gateway.url(), 'echo')).body.error.data).toMatchObject({ limit: 'yearly' });
    expect((await modernRequest(gateway.url(), 'tools/list')).headers.ratelimit).toMatch(/^"fair";r=78;/);
  });
});

describe('limits of tenants', () => {
  it('[TEN-04] stop a tenant that has used up its own, on every server, and leave the others alone', async () => {
    const { yaml, files, tokens } = keyedCallers(
      ['ann', 'amy', 'bob', 'eve'],
      { tracker: upstream.url },
      {
        limits: { share: { type: 'quota', quota: '3/3650d', key: [] } },
        tenants: {
          acme: { match: "principal.id in ['ann', 'amy']", limits: ['share'] },
          globex: { match: "principal.id == 'bob'", limits: ['share'] },
        },
      },
    );
    await using gateway = await startTestGateway(yaml, { files });
    const call = (token: string | undefined, path = '/mcp') =>
      callTool(new URL(path, gateway.url()).href, 'echo', {}, { token: token! });
    // Both callers of acme count together, and on both servers.
    expect((await call(tokens.ann)).headers.ratelimit).toMatch(/^"share";r=2;/);
    expect((await call(tokens.amy, '/other')).headers.ratelimit).toMatch(/^"share";r=1;/);
    expect((await call(tokens.amy)).status).toBe(200);
    for (const token of [tokens.ann, tokens.amy])
      expect((await call(token)).body.error.data).toMatchObject({ code: 'quota_exhausted', limit: 'share' });
    expect((await call(tokens.bob)).headers.ratelimit).toMatch(/^"share";r=2;/);
    // Who works for no tenant has no such limit.
    for (let count = 0; count < 5; count += 1) {
      const free = await call(tokens.eve);
      expect(free.status).toBe(200);
      expect(free.headers.ratelimit).toBeUndefined();
    }
  });
});

describe('the key of a limit', () => {
  it('may be an argument of the call, so that each value of it is counted apart', async () => {
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        {
          server: { limits: ['per-repository'] },
          limits: { 'per-repository': { type: 'rate', rate: '1/d', key: ['tool.name', 'args.repository'] } },
        },
      ),
    );
    const call = (repository: unknown) => callTool(gateway.url(), 'echo', { repository });
    expect((await call('one')).status).toBe(200);
    expect((await call('two')).status).toBe(200);
    expect((await call('one')).status).toBe(429);
    // Calls without the argument share one count: leaving it out is no way around.
    expect((await callTool(gateway.url(), 'echo', {})).status).toBe(200);
    expect((await callTool(gateway.url(), 'echo', { other: 1 })).status).toBe(429);
  });
});

describe('sizes', () => {
  it('[INPUT-03/size] refuses a body over the limit before it is parsed, by its length or as it comes', async () => {
    await using gateway = await startTestGateway(
      configuration({ tracker: upstream.url }, { listener: { sizes: { body: '10KiB' } } }),
    );
    const params = { name: 'echo', arguments: {} };
    const notJson = 'x'.repeat(11 * 1024);
    const headers = modernHeaders('tools/call', params, {});
    const whole = await fetch(gateway.url(), { method: 'POST', headers, body: notJson });
    expect(whole.status).toBe(413);
    const chunked = await fetch(gateway.url(), {
      method: 'POST',
      headers,
      body: new ReadableStream({
        pull(controller) {
          controller.enqueue(Buffer.from('x'.repeat(4096)));
        },
      }),
      duplex: 'half',
    } as RequestInit).then(
      ({ status }) => status,
      () => 413,
    );
    expect(chunked).toBe(413);
    const small = modernBody('tools/call', params);
    expect((await fetch(gateway.url(), { method: 'POST', headers, body: small })).status).toBe(200);
  });

  it('[INPUT-03/size] refuses a result over the limit of its tool', async () => {
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        {
          server: { limits: ['small'] },
          limits: { small: { type: 'bounds', resultBytes: '100KiB', tools: ['fetch'] } },
        },
      ),
    );
    const large = await callTool(gateway.url(), 'fetch', { text: 'x'.repeat(101 * 1024) });
    expect(large.body.error.data.code).toBe('result_too_large');
    expect(large.text.length).toBeLessThan(1000);
    expect(
      (await callTool(gateway.url(), 'echo', { text: 'x'.repeat(101 * 1024) })).body.result,
    ).toBeDefined();
    expect((await callTool(gateway.url(), 'fetch', { text: 'x' })).body.result).toBeDefined();
  });

  it('[INPUT-03/size] answers a resource of 101 KB with an error where 100 KiB are the bound', async () => {
    const resource = (kilobytes: number) => ({
      contents: [{ uri: 'file:///large', text: 'x'.repeat(kilobytes * 1024) }],
      ttlMs: 0,
      cacheScope: 'private',
      resultType: 'complete',
    });
    let kilobytes = 101;
    upstream.on('resources/list', ({ message, response }) => {
      const result = {
        resources: [{ uri: 'file:///large', name: 'large' }],
        ttlMs: 0,
        cacheScope: 'public',
        resultType: 'complete',
      };
      json(response, { jsonrpc: '2.0', id: message.id, result });
    });
    upstream.on('resources/read', ({ message, response }) =>
      json(response, { jsonrpc: '2.0', id: message.id, result: resource(kilobytes) }),
    );
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        { server: { limits: ['small'] }, limits: { small: { type: 'bounds', resultBytes: '100KiB' } } },
      ),
    );
    const read = () => modernRequest(gateway.url(), 'resources/read', { uri: 'file:///large' });
    const large = await read();
    expect(large.body.error.data.code).toBe('result_too_large');
    expect(large.text.length).toBeLessThan(1000);
    kilobytes = 99;
    expect((await read()).body.result.contents[0].text).toHaveLength(99 * 1024);
  });

  it('[COMPL-03] refuses what nests deeper than the limit, and no tool for what its description says', async () => {
    const odd = { name: 'odd', description: 'a && b, <b>c</b> and {{{{ more }}}}' };
    const described = await startToolUpstream('described', [odd]);
    const sizes = { json: { depth: 30 } };
    await using gateway = await startTestGateway(
      configuration({ t: described.url }, { listener: { sizes } }),
    );
    const { body } = await modernRequest(gateway.url(), 'tools/list');
    expect(body.result.tools[0].description).toBe(odd.description);
    /** Within the message, its parameters and its arguments. */
    const nested = (depth: number): object =>
      JSON.parse(`{"deep":${'['.repeat(depth - 3)}${']'.repeat(depth - 3)}}`);
    expect((await callTool(gateway.url(), 'odd', nested(30))).status).toBe(200);
    const refused = await callTool(gateway.url(), 'odd', nested(31));
    expect(refused.status).toBe(400);
    expect(refused.body.error.message).toBe('the body is nested too deeply');
    await described.close();
  });

  it.each([
    ['items', { items: 20 }, { list: Array.from({ length: 20 }, () => 1) }, 'the body has too many items'],
    ['characters', { length: 100 }, { text: 'x'.repeat(101) }, 'a string of the body is too long'],
  ])('refuses JSON with too many %s, before it is parsed', async (_what, json, args, message) => {
    await using gateway = await startTestGateway(
      configuration({ tracker: upstream.url }, { listener: { sizes: { json } } }),
    );
    const refused = await callTool(gateway.url(), 'get_issue', args);
    expect(refused.status).toBe(400);
    expect(refused.body.error.message).toBe(message);
  });

  it('refuses JSON that is nested too deeply', async () => {
    await using gateway = await startTestGateway(
      configuration({ tracker: upstream.url }, { listener: { sizes: { json: { depth: 10 } } } }),
    );
    let deep: unknown = 1;
    for (let level = 0; level < 12; level += 1) deep = [deep];
    const refused = await callTool(gateway.url(), 'echo', { deep });
    expect(refused.status).toBe(400);
    expect(refused.body.error.code).toBe(-32600);
  });
});

describe('an upstream in trouble', () => {
  it('[RATE-03/opening] opens after five failures and then answers within 5 ms without asking the upstream', async () => {
    await using gateway = await startTestGateway(
      configuration({ tracker: upstream.url }, { upstream: { breaker: { consecutive: 5, openFor: '60s' } } }),
    );
    expect((await callTool(gateway.url(), 'echo')).body.result).toBeDefined();
    upstream.behave(refuse(500));
    for (let failure = 0; failure < 5; failure += 1)
      expect((await callTool(gateway.url(), 'echo')).body.error.data.code).toMatch(/^upstream_/);
    const calls = upstream.calls;
    const [workedMs, tookMs]: [number[], number[]] = [[], []];
    for (let refused = 0; refused < 51; refused += 1) {
      const startMs = performance.now();
      const before = process.threadCpuUsage();
      const answer = await callTool(gateway.audience(), 'echo');
      const { user, system } = process.threadCpuUsage(before);
      workedMs.push((user + system) / 1000);
      tookMs.push(performance.now() - startMs);
      expect(answer.body.error.data.code).toBe('breaker_open');
      expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN|secret/);
    }
    expect(upstream.calls).toBe(calls);
    // As processor time, of which other processes take none; that nothing is waited for besides shows where they let it be.
    expect(workedMs.sort((a, b) => a - b)[25]).toBeLessThan(5);
    expect(Math.min(...tookMs)).toBeLessThan(5);
    const metrics = await (await fetch(`${gateway.opsUrl}/metrics`)).text();
    expect(metrics).toContain('gatewright_upstream_breaker_state{upstream="tracker"} 2');
    await restore();
  });

  it('[RATE-03/closing] lets one call through when it has been open for its time, and closes', async () => {
    await using gateway = await startTestGateway(
      configuration({ tracker: upstream.url }, { upstream: { breaker: { consecutive: 1, openFor: '1s' } } }),
    );
    await callTool(gateway.url(), 'echo');
    upstream.behave(refuse(500, 1));
    expect((await callTool(gateway.url(), 'echo')).body.error.data.code).toBe('upstream_unavailable');
    const codes: string[] = [];
    await expect
      .poll(
        async () => {
          const { body } = await callTool(gateway.url(), 'echo');
          codes.push(body.error?.data.code ?? 'ok');
          return codes.at(-1);
        },
        { interval: 20 },
      )
      .toBe('ok');
    expect(codes[0]).toBe('breaker_open');
    await restore();
  });

  it('[RATE-04] tries an idempotent call again until it succeeds', async () => {
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        {
          upstream: {
            retry: { maxAttempts: 3, backoff: { base: '5ms', max: '20ms' } },
            trust: { annotations: 'honour' },
          },
        },
      ),
    );
    await modernRequest(gateway.url(), 'tools/list');
    upstream.behave(refuse(503, 2));
    const before = upstream.calls;
    expect((await callTool(gateway.url(), 'fetch')).body.result).toBeDefined();
    expect(upstream.calls - before).toBe(3);
    await restore();
  });

  it('[RATE-04] never repeats a call of a tool that may change something', async () => {
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        {
          upstream: { retry: { maxAttempts: 3, backoff: { base: '5ms' } }, trust: { annotations: 'honour' } },
        },
      ),
    );
    await modernRequest(gateway.url(), 'tools/list');
    upstream.behave(refuse(503, 2));
    const before = upstream.calls;
    expect((await callTool(gateway.url(), 'echo')).body.error.data.code).toBe('upstream_unavailable');
    expect(upstream.calls - before).toBe(1);
    await restore();
  });

  it('[RATE-04] does not believe an upstream that calls its own tools harmless unless told to', async () => {
    await using gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        { upstream: { retry: { maxAttempts: 3, backoff: { base: '5ms' } } } },
      ),
    );
    await modernRequest(gateway.url(), 'tools/list');
    upstream.behave(refuse(503, 2));
    const before = upstream.calls;
    expect((await callTool(gateway.url(), 'fetch')).body.error.data.code).toBe('upstream_unavailable');
    expect(upstream.calls - before).toBe(1);
    await restore();
  });

  it('answers within the timeout when the upstream does not, with a stable code', async () => {
    await using gateway = await startTestGateway(
      configuration({ tracker: upstream.url }, { upstream: { timeouts: { call: '300ms' } } }),
    );
    await modernRequest(gateway.url(), 'tools/list');
    upstream.behave(hang);
    const startMs = performance.now();
    const answer = await callTool(gateway.url(), 'echo');
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect(answer.body.error.data.code).toBe('upstream_timeout');
    await restore();
  });

  it("delays a list by a slow upstream's deadline at most, and never fails the others", async () => {
    const slow = await startToolUpstream('slow', ['slow_tool']);
    slow.on('tools/list', () => undefined);
    const yaml = JSON.parse(configuration({ tracker: upstream.url, slow: slow.url }));
    yaml.upstreams.slow.timeouts = { list: '300ms' };
    await using gateway = await startTestGateway(JSON.stringify(yaml));
    const startMs = performance.now();
    const { body } = await modernRequest(gateway.url(), 'tools/list');
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect(body.result.tools.map(({ name }: { name: string }) => name)).toEqual(['echo', 'fetch']);
    expect(body.result).toMatchObject({ ttlMs: 0, _meta: { 'io.gatewright/partial': true } });
    expect((await callTool(gateway.url(), 'echo')).body.result).toBeDefined();
    await slow.close();
  });
});

const restore = async (): Promise<void> => {
  upstream.behave(({ message, response }) =>
    json(response, { jsonrpc: '2.0', id: message.id, result: { content: [], resultType: 'complete' } }),
  );
};
