import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answer, type FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { keyedCallers } from '../support/keyed-callers.ts';
import { callTool } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

// Each thread loads the program anew.
vi.setConfig({ testTimeout: 60_000 });

let upstream: FastUpstream;
/** Calls that are not answered yet. */
const kept: (() => void)[] = [];
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['echo', 'hang']);
  upstream.on('tools/call', (received) => {
    const isKept = received.message.params?.name === 'hang';
    if (isKept) kept.push(() => answer(received));
    else answer(received);
  });
});
afterAll(() => upstream.close());

const statusOf = async ({ opsUrl }: TestGateway): Promise<{ readonly limits: Record<string, unknown> }> =>
  (await (await fetch(`${opsUrl}/-/status`)).json()) as { limits: Record<string, unknown> };

describe.each([1, 2])('what is told of limits, with %i threads', (workers) => {
  it('[MON-06/limits] is how full the fullest keys are and what was refused lately, and not who has them', async () => {
    const { yaml, files, tokens } = keyedCallers(
      ['ann', 'bob', 'eve'],
      { tracker: upstream.url },
      {
        workers,
        server: { identity: ['robots'], limits: ['daily', 'fair', 'idle'] },
        limits: {
          daily: { type: 'quota', quota: '4/3650d' },
          fair: { type: 'rate', rate: '1/d', burst: 10 },
          idle: { type: 'rate', rate: '1/d', tools: ['none'] },
          share: { type: 'quota', quota: '2/3650d', key: [] },
          few: { type: 'concurrency', max: 2, key: [] },
        },
        tenants: {
          acme: { match: "principal.id == 'ann'", limits: ['share', 'few'] },
          globex: { match: "principal.id == 'bob'", limits: ['share', 'few'] },
        },
      },
    );
    await using gateway = await startTestGateway(yaml, { files });
    const call = async (token: string | undefined, tool = 'echo') =>
      (await callTool(gateway.url(), tool, {}, { token: token! })).status;
    expect([await call(tokens.ann), await call(tokens.ann), await call(tokens.ann)]).toEqual([200, 200, 429]);
    expect(await call(tokens.bob)).toBe(200);
    for (const status of [200, 200, 200, 200, 429]) expect(await call(tokens.eve)).toBe(status);
    const { limits } = await statusOf(gateway);
    const label = expect.stringMatching(/^[0-9a-f]{12}$/);
    const keyed = (...used: readonly number[]) => used.map((part) => ({ key: label, used: part }));
    expect(limits).toEqual({
      daily: { type: 'quota', keys: 3, fullest: keyed(1, 0.5, 0.25), refusedLastMinute: 1 },
      fair: { type: 'rate', keys: 3, fullest: keyed(0.4, 0.2, 0.1), refusedLastMinute: 0 },
      idle: { type: 'rate', keys: 0, fullest: [], refusedLastMinute: 0 },
      share: {
        type: 'quota',
        keys: 2,
        fullest: [
          { key: 'acme', used: 1 },
          { key: 'globex', used: 0.5 },
        ],
        refusedLastMinute: 1,
      },
      few: expect.objectContaining({ type: 'concurrency', held: 0, waiting: 0, keys: 0 }),
    });
    const told = JSON.stringify(await statusOf(gateway));
    const metrics = await gateway.metrics();
    for (const secret of ['ann', 'bob', 'eve', '127.0.0.1:']) {
      expect(JSON.stringify(limits)).not.toContain(secret);
      expect(metrics).not.toContain(`"${secret}"`);
    }
    expect(told.length).toBeLessThan(20_000);
    for (const line of [
      'gatewright_limit_keys{limit="daily"} 3\n',
      'gatewright_limit_fullest_ratio{limit="daily"} 1\n',
      'gatewright_limit_fullest_ratio{limit="fair"} 0.4\n',
      'gatewright_limit_keys{limit="idle"} 0\n',
      'gatewright_limited_total{limit="daily"} 1\n',
    ])
      expect(metrics).toContain(line);
  });

  it('[TEN-04] shows a tenant that has no rate and no place left, while others have theirs', async () => {
    const { yaml, files, tokens } = keyedCallers(
      ['ann', 'amy', 'bob'],
      { tracker: upstream.url },
      {
        workers,
        limits: {
          share: { type: 'rate', rate: '1/d', burst: 5, key: [] },
          few: { type: 'concurrency', max: 2, key: [] },
        },
        tenants: {
          acme: { match: "principal.id in ['ann', 'amy']", limits: ['share', 'few'] },
          globex: { match: "principal.id == 'bob'", limits: ['share', 'few'] },
        },
      },
    );
    await using gateway = await startTestGateway(yaml, { files });
    const call = (token: string | undefined, tool: string, path = '/mcp') =>
      callTool(new URL(path, gateway.url()).href, tool, {}, { token: token! });
    const held = [tokens.ann, tokens.amy].map((token, at) => call(token, 'hang', ['/mcp', '/other'][at]));
    const limits = async () => (await statusOf(gateway)).limits;
    await expect.poll(limits).toMatchObject({ few: { held: 2, fullest: [{ key: 'acme', used: 1 }] } });
    const busy = await call(tokens.amy, 'echo');
    expect(busy.body.error.data).toMatchObject({ limit: 'few' });
    expect((await call(tokens.bob, 'echo')).status).toBe(200);
    for (const answerIt of kept.splice(0)) answerIt();
    for (const { status } of await Promise.all(held)) expect(status).toBe(200);
    await expect.poll(limits).toMatchObject({ few: { held: 0, fullest: [] } });
    expect((await call(tokens.ann, 'echo', '/other')).status).toBe(200);
    for (const path of ['/mcp', '/other']) {
      await call(tokens.amy, 'echo', path);
      const refused = await call(tokens.amy, 'echo', path);
      expect(refused.body.error.data).toMatchObject({ code: 'rate_limited', limit: 'share' });
      expect((await call(tokens.bob, 'echo', path)).status).toBe(200);
    }
    expect((await limits()).share).toMatchObject({
      keys: 2,
      fullest: [
        { key: 'acme', used: 1 },
        { key: 'globex', used: expect.closeTo(0.6, 1) },
      ],
    });
  });
});
