import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ABLE } from '../support/asking.ts';
import { configuration } from '../support/configuration.ts';
import { answer, type FastUpstream, type Received } from '../support/fast-upstream.ts';
import { modernBody } from '../support/modern-client.ts';
import { StdioClient } from '../support/stdio-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';
import { startAskingUpstream } from './clients/upstreams/asking-http.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let upstream: FastUpstream;
let held: Received[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-pipes-'));
  held = [];
  upstream = await startToolUpstream('tracker', ['get_issue']);
  upstream.behave((received) => held.push(received));
});
afterEach(async () => {
  await upstream.close();
  await rm(folder, { recursive: true });
});

const DRAIN = { window: '50ms', deadline: '2s' };

const yamlOf = (rule: string, call: string, onPolicyChange = 'recheck'): string =>
  configuration(
    { tracker: upstream.url },
    {
      ops: false,
      reload: { drain: DRAIN, onPolicyChange },
      upstream: { timeouts: { call } },
      server: { policies: ['rule'] },
      policies: { rule: { type: 'cel', allow: rule } },
    },
  );

const start = async (yaml: string): Promise<StdioClient> => {
  await writeFile(join(folder, 'gateway.yaml'), yaml);
  return new StdioClient(['main', join(folder, 'gateway.yaml')]);
};

const change = async (client: StdioClient, yaml: string): Promise<void> => {
  await writeFile(join(folder, 'gateway.yaml'), yaml);
  await client.logged('configuration applied');
};

const modern = (id: string, method: string, params: object): object =>
  JSON.parse(modernBody(method, params, { id, capabilities: ABLE }));

const legacy = (id: string, method: string, params: object): object => ({ id, method, params });

const GET_ISSUE = { name: 'get_issue', arguments: {} };

const OPENINGS = {
  modern: async (): Promise<void> => undefined,
  legacy: async (client: StdioClient): Promise<void> => {
    const clientInfo = { name: 'test-client', version: '1.0.0' };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
    client.say(legacy('init', 'initialize', params));
    await client.answerTo('init');
  },
};

/** How a request ends: by the code of its error, or not. */
const outcome = async (client: StdioClient, id: string): Promise<string> => {
  const { error } = await client.answerTo(id);
  return error === undefined ? 'answered' : error.data.code;
};

describe('over pipes', () => {
  it.each([
    ['modern', 'rules', 'true || true', '60s'],
    ['modern', 'upstream', 'true', '50s'],
    ['legacy', 'rules', 'true || true', '60s'],
    ['legacy', 'upstream', 'true', '50s'],
  ] as const)(
    '%s calls are cut at the deadline of the drain where the %s changed',
    async (era, _, rule, callTimeout) => {
      await using client = await start(yamlOf('true', '60s'));
      await OPENINGS[era](client);
      const request = { modern, legacy }[era];
      for (const [at, id] of ['quick', 'slow'].entries()) {
        client.say(request(id, 'tools/call', GET_ISSUE));
        await upstream.until(() => held.length === at + 1);
      }
      await change(client, yamlOf(rule, callTimeout));
      // Not at once: until the deadline they may finish.
      answer(held[0]!);
      expect(await outcome(client, 'quick')).toBe('answered');
      expect(await outcome(client, 'slow')).toBe('shutting_down');
      await upstream.until(() => held[1]!.response.destroyed);
      client.say(request('later', 'tools/call', GET_ISSUE));
      await upstream.until(() => held.length === 3);
      answer(held[2]!);
      expect(await outcome(client, 'later')).toBe('answered');
    },
  );

  it('subscriptions are not cut with them, but end with their result', async () => {
    await using client = await start(yamlOf('true', '60s', 'keep'));
    client.say(modern('told', 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
    await client.heard(({ method }) => method === 'notifications/subscriptions/acknowledged');
    client.say(modern('slow', 'tools/call', GET_ISSUE));
    await upstream.until(() => held.length === 1);
    await change(client, yamlOf('true || true', '60s', 'keep'));
    expect(await outcome(client, 'slow')).toBe('shutting_down');
    expect((await client.answerTo('told')).result.resultType).toBe('complete');
  });

  it('calls that wait for input go on until the deadline where their upstream changed, and are taken back then', async () => {
    await using asking = await startAskingUpstream();
    const yaml = (call: string) =>
      configuration(
        { asking: asking.url },
        { ops: false, reload: { drain: DRAIN }, upstream: { timeouts: { call } } },
      );
    await using client = await start(yaml('60s'));
    const params = { name: 'order', arguments: { item: 'tea' } };
    const states: unknown[] = [];
    for (const id of ['one', 'two']) {
      client.say(modern(id, 'tools/call', params));
      states.push((await client.answerTo(id)).result.requestState);
    }
    const cancelled = once(asking.events, 'cancelled');
    await change(client, yaml('50s'));
    const retry = (id: string, requestState: unknown): void =>
      client.say(modern(id, 'tools/call', { ...params, requestState, inputResponses: {} }));
    retry('early', states[0]);
    expect((await client.answerTo('early')).result.resultType).toBe('input_required');
    await cancelled;
    retry('late', states[1]);
    expect(await outcome(client, 'late')).toBe('shutting_down');
  });
});
