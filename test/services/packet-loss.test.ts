import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { callTool } from '../support/modern-client.ts';
import { isNftMissing, type Machine, Network, whyNoNamespaces } from '../support/namespaces.ts';
import { scrape } from '../support/scrape.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const SERVER = fileURLToPath(new URL('fixtures/counting-server.ts', import.meta.url));
const CALL_MS = 2000;
const ROUNDS = 5;
const SLACK_MS = 1000;
const TABLE = 'gatewright_test';

let network: Network;
let gateway: TestGateway;
const servers: ChildProcess[] = [];
const urls: string[] = [];

const startServer = async ({ within, address }: Machine, name: string): Promise<string> => {
  const [command, ...args] = within;
  const server = spawn(command!, [...args, process.execPath, SERVER, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(server);
  const [line] = (await once(server.stdout!, 'data')) as [Buffer];
  return `http://${address}:${line.toString('utf8').trim()}/mcp`;
};

/** Of a hundred TCP segments that come to the machine so many are lost. */
const lose = ({ run }: Machine, percent: number): void => {
  run('nft', 'add', 'table', 'inet', TABLE);
  run('nft', `add chain inet ${TABLE} lost { type filter hook input priority 0 ; }`);
  run('nft', `add rule inet ${TABLE} lost meta l4proto tcp numgen random mod 100 <= ${percent - 1} drop`);
};

const heal = ({ run }: Machine): string => run('nft', 'delete', 'table', 'inet', TABLE);

interface Outcome {
  readonly ms: number;
  readonly code: string | undefined;
  readonly name: string | undefined;
  /** The most that anything was executed, as far as the server knows. */
  readonly most: number;
}

let called = 0;

const call = async (tool: string): Promise<Outcome> => {
  called += 1;
  const startedMs = performance.now();
  const { body } = await callTool(gateway.url(), tool, { n: called });
  const ms = performance.now() - startedMs;
  if (body.error !== undefined) return { ms, code: body.error.data.code, name: undefined, most: 0 };
  const { name, most } = JSON.parse(body.result.content[0].text);
  return { ms, code: undefined, name, most };
};

const callers = async (count: number, calls: number, tool: string): Promise<readonly Outcome[]> => {
  const one = async (): Promise<readonly Outcome[]> => {
    const outcomes: Outcome[] = [];
    while (outcomes.length < calls) outcomes.push(await call(tool));
    return outcomes;
  };
  return (await Promise.all(Array.from({ length: count }, one))).flat();
};

const isUp = async (at: number): Promise<number | undefined> =>
  (await scrape(gateway.opsUrl)).get(
    `gatewright_upstream_endpoint_up{upstream="far",endpoint="${urls[at]}"}`,
  );

const yaml = (): string =>
  JSON.stringify({
    version: 1,
    lints: { GW4006: 'off' },
    listeners: { main: { bind: '127.0.0.1:0' }, ops: { bind: '127.0.0.1:0', serve: ['metrics'] } },
    servers: {
      main: {
        at: [{ listener: 'main', path: '/mcp' }],
        anonymous: true,
        expose: [
          { upstream: 'far', prefix: 'far_' },
          { upstream: 'beside', prefix: 'beside_' },
        ],
      },
    },
    upstreams: {
      far: {
        type: 'http',
        endpoints: urls.slice(0, 2),
        protocol: { era: 'modern' },
        timeouts: { connect: '500ms', firstByte: `${CALL_MS}ms`, call: `${CALL_MS}ms` },
        retry: { maxAttempts: 3 },
        health: { every: '200ms', unhealthyAfter: 2 },
      },
      beside: { type: 'http', endpoints: [urls[2]], protocol: { era: 'modern' } },
    },
  });

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

const p99Ms = (outcomes: readonly Outcome[]): number =>
  outcomes.map(({ ms }) => ms).sort((a, b) => a - b)[Math.floor(outcomes.length * 0.99) - 1]!;

describe.skipIf(whyNoNamespaces() !== undefined || isNftMissing)('a network that loses segments', () => {
  beforeAll(async () => {
    network = new Network(3);
    for (const [at, machine] of network.machines.entries())
      urls.push(await startServer(machine, ['first', 'second', 'beside'][at]!));
    gateway = await startTestGateway(yaml(), { tap: false });
    for (const tool of ['far_count', 'beside_count']) expect((await call(tool)).code).toBeUndefined();
  });

  afterAll(async () => {
    await gateway?.close();
    for (const server of servers) server.kill('SIGKILL');
    network?.[Symbol.dispose]();
  });

  it('of every tenth: calls end by their deadline, none is executed twice, and other upstreams notice nothing', async () => {
    const [machine] = network.machines;
    const [far, quiet, disturbed]: [Outcome[], number[], number[]] = [[], [], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      quiet.push(p99Ms(await callers(4, 50, 'beside_count')));
      lose(machine!, 10);
      try {
        const [lossy, beside] = await Promise.all([
          callers(8, 10, 'far_count'),
          callers(4, 50, 'beside_count'),
        ]);
        far.push(...lossy);
        expect(beside.every(({ code }) => code === undefined)).toBe(true);
        disturbed.push(p99Ms(beside));
      } finally {
        heal(machine!);
      }
    }
    expect(Math.max(...far.map(({ ms }) => ms))).toBeLessThan(CALL_MS + SLACK_MS);
    expect(far.filter(({ code }) => code === undefined).length).toBeGreaterThan(0.8 * far.length);
    expect(Math.max(...far.map(({ most }) => most))).toBe(1);
    const quietMs = median(quiet);
    expect(median(disturbed)).toBeLessThanOrEqual(Math.max(2 * quietMs, quietMs + 50));
  });

  it('[INFRA-01/silence] altogether: a machine that says nothing any more is left for the other one, and taken up again', async () => {
    const [machine] = network.machines;
    await vi.waitFor(async () => {
      expect(await isUp(0)).toBe(1);
      expect((await call('far_count')).name).toBe('first');
    }, 20_000);
    lose(machine!, 100);
    try {
      const startedMs = performance.now();
      const lost = await call('far_count');
      expect(lost.ms).toBeLessThan(CALL_MS + SLACK_MS);
      await vi.waitFor(async () => expect(await isUp(0)).toBe(0), 20_000);
      const { name, ms } = await call('far_count');
      expect(name).toBe('second');
      expect(ms).toBeLessThan(1000);
      expect(performance.now() - startedMs).toBeLessThan(CALL_MS + 5000);
    } finally {
      heal(machine!);
    }
    await vi.waitFor(async () => expect((await call('far_count')).name).toBe('first'), 20_000);
  });
});
