import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { type FastUpstream, json } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openSession } from '../support/legacy-client.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { type RawRequest, rawRequest } from '../support/raw-request.ts';
import { parseLabels } from '../support/scrape.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

// Each thread loads the program anew.
vi.setConfig({ testTimeout: 60_000 });

/** What is in every name that somebody made up. */
const MADE_UP = 'evil';

let upstream: FastUpstream;
beforeAll(async () => {
  upstream = await startToolUpstream('deep', ['echo']);
});
afterAll(() => upstream.close());

const NAMES = ['main', 'ops', 'deep', 'fair', 'few', 'careful', ''];
const NUMBER = /^(?:\+Inf|\d+(?:\.\d+)?(?:e-\d+)?)$/;
const WORD = /^[a-z]+(?:[_-][a-z0-9]+)*$/;

/** Which values each label may have, whoever calls. A label that is not here has not been thought about. */
const ALLOWED: Readonly<Record<string, (value: string) => boolean>> = {
  server: (value) => NAMES.includes(value),
  listener: (value) => NAMES.includes(value),
  upstream: (value) => NAMES.includes(value),
  limit: (value) => NAMES.includes(value),
  policy: (value) => NAMES.includes(value),
  tool: (value) => ['echo', 'other'].includes(value),
  method: (value) => value === '' || value === 'other' || /^[a-z]+(?:\/[a-z_]+)*$/i.test(value),
  endpoint: (value) => value === upstream.url,
  outcome: (value) => WORD.test(value),
  reason: (value) => WORD.test(value),
  stage: (value) => WORD.test(value),
  state: (value) => WORD.test(value),
  mode: (value) => WORD.test(value),
  event: (value) => WORD.test(value),
  result: (value) => WORD.test(value),
  condition: (value) => WORD.test(value),
  kind: (value) => /^[a-z]+$/i.test(value),
  status: (value) => /^(?:0|[1-5]\d\d)$/.test(value),
  generation: (value) => NUMBER.test(value),
  quantile: (value) => NUMBER.test(value),
  le: (value) => NUMBER.test(value),
  version: (value) => !value.includes(MADE_UP),
  node: (value) => value === process.version,
  artifact_hash: (value) => /^[0-9a-f]{64}$/.test(value),
  effective_hash: (value) => /^[0-9a-f]{64}$/.test(value),
};

const yaml = (workers: number): string =>
  configuration(
    { deep: upstream.url },
    {
      workers,
      server: {
        limits: ['fair', 'few'],
        policies: ['careful'],
        features: { resources: true, prompts: true },
      },
      upstream: {
        breaker: { consecutive: 1_000, per: 'tool' },
        retry: { maxAttempts: 2, backoff: { base: '1ms' } },
        health: { every: '1h' },
        concurrency: { max: 5 },
      },
      limits: {
        fair: {
          type: 'rate',
          rate: '60/m',
          burst: 60,
          key: ['client.name', 'client.userAgent', 'call.name'],
        },
        few: { type: 'concurrency', max: 5, key: ['client.name'] },
      },
      policies: {
        careful: { type: 'cel', deny: `has(args.policy) && args.policy.startsWith('${MADE_UP}')` },
      },
    },
  );

/** A name that nobody has used before, with what would break out of a label. */
let count = 0;
const made = (): string => {
  count += 1;
  return `${MADE_UP}-${count}"} 1\nfake{x="\\`;
};
/** One that a header can have. */
const header = (): string => made().replaceAll(/[\n"\\{} ]/g, '_');

/** One request for each place in which a caller can write what it likes. */
const hostileRequests = (): readonly RawRequest[] => {
  const post = (
    method: string,
    params: object,
    headers: Record<string, string> = {},
    { id = 'x', target }: { readonly id?: string; readonly target?: string } = {},
  ): RawRequest => {
    const named = Object.entries(modernHeaders(method, params, { headers }));
    const sent = named.map(([name, value]) => [name, value.replaceAll(/[\n"\\{} ]/g, '_')]);
    return {
      method: 'POST',
      body: modernBody(method, params, { id }),
      headers: { ...Object.fromEntries(sent), ...headers },
      ...(target !== undefined && { target }),
    };
  };
  const echo = { name: 'echo', arguments: {} };
  return [
    post('tools/call', { name: made(), arguments: {} }),
    post('tools/call', { name: header(), arguments: {} }),
    post(`${MADE_UP}/${header()}`, {}),
    post('prompts/get', { name: header() }),
    post('resources/read', { uri: `file:///${header()}` }),
    post('resources/read', { uri: `${header()}:x` }),
    post('completion/complete', {
      ref: { type: header(), name: header() },
      argument: { name: 'x', value: 'y' },
    }),
    post('tools/list', { cursor: header() }),
    post('tasks/get', { taskId: header() }),
    post('logging/setLevel', { level: header() }),
    post('tools/call', echo, {}, { id: made() }),
    post('tools/call', { ...echo, arguments: { policy: header(), code: header() } }),
    post('tools/call', { ...echo, arguments: { error: header() } }),
    post('tools/call', { ...echo, arguments: { status: header() } }),
    post('tools/call', echo, { 'user-agent': header(), 'x-forwarded-for': header(), forwarded: header() }),
    post('tools/call', echo, { authorization: `Bearer ${header()}`, 'mcp-session-id': header() }),
    post('tools/call', echo, { 'mcp-protocol-version': header() }),
    post('tools/call', echo, { 'mcp-name': header(), 'mcp-method': header() }),
    post('tools/call', echo, { host: header() }),
    post('tools/call', echo, { origin: `https://${header()}.example` }),
    post('tools/call', echo, { 'content-type': header(), accept: header() }),
    post('tools/call', echo, { 'content-encoding': header() }),
    post('tools/call', echo, {}, { target: `/${header()}?${header()}` }),
    { method: 'POST', target: '/mcp', body: made() },
    { method: 'GET', target: '/mcp', headers: { 'last-event-id': header(), accept: 'text/event-stream' } },
    { method: 'DELETE', target: '/mcp', headers: { 'mcp-session-id': header() } },
    { method: 'OPTIONS', target: '/mcp', headers: { origin: `https://${header()}.example` } },
    { method: 'PROPFIND', target: `/mcp/${header()}` },
  ];
};

const flood = async (gateway: TestGateway): Promise<void> => {
  for (const request of hostileRequests())
    await rawRequest(gateway.url(), request).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'HPE_INVALID_CONSTANT') throw error;
    });
  const session = await openSession(gateway.url());
  for (const [method, params] of [
    [header(), {}],
    ['tools/call', { name: header(), arguments: {} }],
    [`notifications/${header()}`, {}],
  ] as const)
    await rawRequest(gateway.url(), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...session,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: header(), method, params }),
    });
};

/** The series of a scrape, without their values. */
const seriesOf = async (gateway: TestGateway): Promise<readonly string[]> => {
  const text = await gateway.metrics();
  expect(text).not.toContain(MADE_UP);
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
    .sort();
};

it.each([1, 2])(
  'labels have names of the configuration and fixed words alone, with %i threads',
  async (workers) => {
    // What an upstream says is no label either.
    upstream.behave(({ message, response }) => {
      const args = (message.params as { arguments?: Record<string, string> }).arguments ?? {};
      const { code, error, status } = args;
      if (error !== undefined)
        json(response, {
          jsonrpc: '2.0',
          id: message.id,
          error: { code: 7, message: error, data: { code: error } },
        });
      else if (status !== undefined) json(response, { [status]: status }, 599);
      else {
        const content = [{ type: 'text', text: code ?? '' }];
        json(response, { jsonrpc: '2.0', id: message.id, result: { content, resultType: 'complete' } });
      }
    });
    await using gateway = await startTestGateway(yaml(workers), { tap: false });
    await gateway.metrics();
    for (let round = 0; round < 2 * workers; round += 1) await flood(gateway);
    const before = await seriesOf(gateway);
    await flood(gateway);
    await flood(gateway);
    const series = await seriesOf(gateway);
    expect(series.length).toBeGreaterThan(150);
    for (const one of series)
      for (const [label, value] of parseLabels(one))
        expect([one, ALLOWED[label]?.(value)]).toEqual([one, true]);
    const isOfThreads = (one: string): boolean => one.startsWith('gatewright_handed_over_total');
    expect(series.filter((one) => !before.includes(one) && !isOfThreads(one))).toEqual([]);
  },
);
