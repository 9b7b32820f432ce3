import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { EventStreamClient } from '../../support/event-stream-client.ts';
import {
  event,
  type FastUpstream,
  json,
  openStream,
  startFastUpstream,
} from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { modernBody, modernHeaders, modernRequest, toolNames } from '../../support/modern-client.ts';

const HOUR_MS = 3_600_000;

const page = (id: unknown, names: readonly string[], ttlMs: number) => ({
  jsonrpc: '2.0',
  id,
  result: {
    tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })),
    ttlMs,
    cacheScope: 'public',
    resultType: 'complete',
  },
});

const disposable = (upstream: FastUpstream) => ({
  upstream,
  url: upstream.url,
  [Symbol.asyncDispose]: () => upstream.close(),
});

/** Answers subscriptions, and tells them that the tools changed whenever it is called. */
const changesOf = (upstream: FastUpstream): (() => void) => {
  const streams: (() => void)[] = [];
  upstream.on('subscriptions/listen', ({ message, response }) => {
    const _meta = { 'io.modelcontextprotocol/subscriptionId': message.id };
    const told = (method: string, params: object) =>
      response.write(event({ jsonrpc: '2.0', method, params: { ...params, _meta } }));
    openStream(response);
    told('notifications/subscriptions/acknowledged', { notifications: { toolsListChanged: true } });
    streams.push(() => told('notifications/tools/list_changed', {}));
  });
  return () => {
    for (const tell of streams) tell();
  };
};

const listen = async (url: string): Promise<EventStreamClient> => {
  const params = { notifications: { toolsListChanged: true } };
  const client = await EventStreamClient.open(
    url,
    { method: 'POST', headers: modernHeaders('subscriptions/listen', params, {}) },
    modernBody('subscriptions/listen', params),
  );
  await client.message(({ method }) => method === 'notifications/subscriptions/acknowledged');
  return client;
};

const changesHeard = (client: EventStreamClient): number =>
  client.messages.filter(({ method }) => method === 'notifications/tools/list_changed').length;

describe('a list that changes', () => {
  it('is not overwritten by what was fetched before the change', async () => {
    await using only = disposable(await startFastUpstream({ eras: ['modern'] }));
    const change = changesOf(only.upstream);
    let release: (() => void) | undefined;
    only.upstream.on('tools/list', ({ message, response, count }) => {
      if (count === 1) release = () => json(response, page(message.id, ['old'], HOUR_MS));
      else json(response, page(message.id, ['new'], HOUR_MS));
    });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const client = await listen(gateway.url());
    const early = toolNames(gateway.url());
    await expect.poll(() => release).toBeDefined();
    change();
    await expect.poll(() => changesHeard(client)).toBe(1);
    expect(await toolNames(gateway.url())).toEqual(['new']);
    release!();
    expect(await early).toEqual(['new']);
    expect(await toolNames(gateway.url())).toEqual(['new']);
    client.close();
  });

  it('is fetched twice at most where the upstream tells of a change whenever it is asked', async () => {
    await using only = disposable(await startFastUpstream({ eras: ['modern'] }));
    const change = changesOf(only.upstream);
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const client = await listen(gateway.url());
    let lists = 0;
    only.upstream.on('tools/list', ({ message, response }) => {
      lists += 1;
      change();
      const answered = lists;
      void expect
        .poll(() => changesHeard(client))
        .toBe(answered)
        .then(() => json(response, page(message.id, [`tool-${answered}`], HOUR_MS)));
    });
    expect(await toolNames(gateway.url())).toEqual(['tool-2']);
    expect(lists).toBe(2);
    client.close();
  });

  it('is fetched anew for every set of client capabilities, however many there are', async () => {
    await using only = disposable(await startFastUpstream({ eras: ['modern'] }));
    const change = changesOf(only.upstream);
    let name = 'old';
    only.upstream.on('tools/list', ({ message, response }) =>
      json(response, page(message.id, [name], HOUR_MS)),
    );
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    expect(await toolNames(gateway.url())).toEqual(['old']);
    for (let variant = 0; variant < 70; variant += 1)
      await toolNames(gateway.url(), { capabilities: { experimental: { [`v${variant}`]: {} } } });
    const client = await listen(gateway.url());
    name = 'new';
    change();
    await expect.poll(() => changesHeard(client)).toBe(1);
    expect(await toolNames(gateway.url())).toEqual(['new']);
    client.close();
  });

  it('is called fresh for an hour at most, whatever its upstream says', async () => {
    await using only = disposable(await startFastUpstream({ eras: ['modern'] }));
    only.upstream.on('tools/list', ({ message, response }) =>
      json(response, page(message.id, ['a'], Number.MAX_SAFE_INTEGER)),
    );
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const { body } = await modernRequest(gateway.url(), 'tools/list');
    expect(body.result.ttlMs).toBeGreaterThan(HOUR_MS - 60_000);
    expect(body.result.ttlMs).toBeLessThanOrEqual(HOUR_MS);
  });
});

describe('a list with an item that cannot be read', () => {
  it('is served without it', async () => {
    await using only = disposable(await startFastUpstream({ eras: ['modern'] }));
    const deep = `${'{"items":'.repeat(20_000)}{}${'}'.repeat(20_000)}`;
    const tools = [
      '{"name":"first","inputSchema":{"type":"object"}}',
      `{"name":"deep","inputSchema":${deep}}`,
      '{"name":7}',
      '{"name":"hidden","name":"twice","inputSchema":{"type":"object"}}',
      'null',
      '{"name":"last","inputSchema":{"type":"object"}}',
    ];
    only.upstream.on('tools/list', ({ message, response }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        `{"jsonrpc":"2.0","id":${message.id},"result":{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[${tools.join(',')}]}}`,
      );
    });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const { body } = await modernRequest(gateway.url(), 'tools/list');
    expect(body.result.tools.map(({ name }: { name: string }) => name)).toEqual(['first', 'last']);
    expect(body.result._meta['io.gatewright/partial']).toBeUndefined();
  });
});
