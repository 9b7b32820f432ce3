import { afterEach, describe, expect, it } from 'vitest';
import { type DeadlineFields, HEADER, startDeadlineGateway } from '../support/deadline-gateway.ts';
import { answer, type FastUpstream, hang } from '../support/fast-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { callTool, type ModernAnswer, type ModernOptions } from '../support/modern-client.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const PROGRESS = { progressToken: 'p' };

let stack = new AsyncDisposableStack();

afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

const upstreamOf = async (): Promise<FastUpstream> => {
  const upstream = await startToolUpstream('deep', ['echo']);
  stack.defer(() => upstream.close());
  return upstream;
};

const gatewayBefore = async (url: string, fields?: DeadlineFields): Promise<TestGateway> =>
  stack.use(await startDeadlineGateway(url, fields));

const call = (gateway: TestGateway, waitsMs?: number, options: ModernOptions = {}) =>
  callTool(
    gateway.url(),
    'echo',
    {},
    { ...options, ...(waitsMs !== undefined && { headers: { [HEADER]: String(waitsMs) } }) },
  );

const codeOf = ({ body }: ModernAnswer): string | undefined => body.error?.data?.code;

describe('a caller that gives its calls up', () => {
  it('cannot have the upstream taken for broken, however short its time is', async () => {
    const upstreams = await Promise.all([upstreamOf(), upstreamOf()]);
    const gateway = await gatewayBefore('', {
      endpoints: upstreams.map(({ url }) => url),
      health: { every: '1h', unhealthyAfter: 2 },
      breaker: { consecutive: 3, errorRate: '10%', minimumCalls: 3 },
    });
    await call(gateway);
    for (const each of upstreams) each.behave(hang);
    const hurried = await Promise.all(Array.from({ length: 20 }, (_, at) => call(gateway, 1 + at * 3)));
    expect(hurried.map(codeOf)).toEqual(hurried.map(() => 'upstream_timeout'));
    const metrics = await scrape(gateway.opsUrl);
    expect(metrics.get('gatewright_upstream_breaker_state{upstream="deep"}')).toBe(0);
    const status = await (await fetch(`${gateway.opsUrl}/-/status`)).text();
    expect(status).not.toContain('"healthy":false');
    expect(status).toContain('"healthy":true');
  });

  it('does not hide that an upstream hangs, where it gives it up only after the time that is declared for that', async () => {
    const [first, second] = await Promise.all([upstreamOf(), upstreamOf()]);
    const gateway = await gatewayBefore('', {
      endpoints: [first.url, second.url],
      health: { every: '1h', unhealthyAfter: 3 },
      breaker: { consecutive: 6, openFor: '1h', givenUpAfter: '150ms' },
    });
    await call(gateway);
    for (const each of [first, second]) each.behave(hang);
    for (let at = 0; at < 12; at += 1) expect(codeOf(await call(gateway, 50))).toBe('upstream_timeout');
    for (let at = 0; at < 6; at += 1) expect(codeOf(await call(gateway, 300))).toBe('upstream_timeout');
    expect(codeOf(await call(gateway, 300))).toBe('breaker_open');
    const status = await (await fetch(`${gateway.opsUrl}/-/status`)).text();
    expect(status).toContain('"healthy":false');
  });

  it('counts from half of the time of a call on, where nothing else is declared', async () => {
    const upstream = await upstreamOf();
    const gateway = await gatewayBefore(upstream.url, {
      timeouts: { call: '4s' },
      breaker: { consecutive: 2, openFor: '1h' },
    });
    await call(gateway);
    upstream.behave(hang);
    const many = (waitsMs: number) =>
      Promise.all(Array.from({ length: 20 }, async () => codeOf(await call(gateway, waitsMs))));
    expect(new Set(await many(700))).toEqual(new Set(['upstream_timeout']));
    expect(codeOf(await call(gateway, 700))).toBe('upstream_timeout');
    expect(new Set(await many(2_500))).toEqual(new Set(['upstream_timeout']));
    expect(codeOf(await call(gateway, 2_500))).toBe('breaker_open');
  });

  it('finds no failure where there is progress, however long the call, nor in the time before it is sent', async () => {
    const upstream = await upstreamOf();
    const gateway = await gatewayBefore(upstream.url, {
      breaker: { consecutive: 1, openFor: '1h', givenUpAfter: '1s' },
      concurrency: { max: 1, queue: 10 },
    });
    await call(gateway);
    upstream.behave(({ message, response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const { progressToken } = (message.params as { _meta: { progressToken: unknown } })._meta;
      const params = { progressToken, progress: 1 };
      const event = { jsonrpc: '2.0', method: 'notifications/progress', params };
      const timer = setInterval(() => response.write(`data: ${JSON.stringify(event)}\n\n`), 20);
      response.on('close', () => clearInterval(timer));
    });
    const busy = call(gateway, 1_900, { meta: PROGRESS });
    await upstream.until(() => upstream.calls === 2);
    expect(codeOf(await call(gateway, 1_500))).toBe('upstream_timeout');
    await busy;
    upstream.behave(answer);
    expect(codeOf(await call(gateway, 30_000))).toBeUndefined();
  });

  it('does not hide that an upstream is silent for longer than is declared', async () => {
    const upstream = await upstreamOf();
    const gateway = await gatewayBefore(upstream.url, {
      timeouts: { firstByte: '1s' },
      breaker: { consecutive: 2 },
    });
    await call(gateway);
    upstream.behave(hang);
    const silent = await Promise.all([call(gateway, 30_000), call(gateway, 30_000)]);
    expect(silent.map(codeOf)).toEqual(['upstream_timeout', 'upstream_timeout']);
    expect(codeOf(await call(gateway, 30_000))).toBe('breaker_open');
  });
});
