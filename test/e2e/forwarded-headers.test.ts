import { describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import { event, openStream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { callTool, modernBody, modernHeaders, modernRequest, toolNames } from '../support/modern-client.ts';
import { type OfferingUpstream, startOfferingUpstream, toolsNamed } from '../support/offering-upstream.ts';

const SENT = {
  'x-tenant': 'acme',
  'x-request-id': 'r-1',
  'x-unlisted': 'never',
  authorization: 'Bearer callers-own',
  cookie: 'a=b',
};

const offer = (name: string) => ({
  tools: toolsNamed(`${name}-tool`),
  prompts: [{ name: `${name}-prompt` }],
  resources: [{ uri: `data://${name}`, name }],
  resourceTemplates: [{ uriTemplate: `data://${name}/{id}`, name }],
});

type Eras = readonly ('modern' | 'legacy')[];

const startBoth = async (eras: Eras) => {
  const stack = new AsyncDisposableStack();
  const upstreams: OfferingUpstream[] = [];
  for (const name of ['first', 'second'])
    upstreams.push(stack.use(await startOfferingUpstream(name, offer(name), { eras })));
  for (const { upstream } of upstreams)
    upstream.on('subscriptions/listen', ({ message, response }) => {
      const _meta = { 'io.modelcontextprotocol/subscriptionId': message.id };
      const notifications = (message.params as { notifications: object }).notifications;
      openStream(response);
      const method = 'notifications/subscriptions/acknowledged';
      response.write(event({ jsonrpc: '2.0', method, params: { notifications, _meta } }));
    });
  const urls = { first: upstreams[0]!.url, second: upstreams[1]!.url };
  const upstream = { headers: { forward: ['x-tenant', 'x-request-id'] } };
  const gateway = stack.use(await startTestGateway(configuration(urls, { upstream })));
  return { upstreams, gateway, [Symbol.asyncDispose]: () => stack.disposeAsync() };
};

/** The headers that each upstream got with requests of a method. */
const heard = (upstreams: readonly OfferingUpstream[], method: string) =>
  upstreams.map(({ upstream }) =>
    upstream.log.filter(({ message }) => message.method === method).map(({ headers }) => headers),
  );

const expectForwarded = async (upstreams: readonly OfferingUpstream[], method: string): Promise<void> => {
  // A client may be answered before all is told that its request brings about.
  await expect
    .poll(() => heard(upstreams, method).every((each) => each.length > 0), { message: method })
    .toBe(true);
  for (const each of heard(upstreams, method)) {
    for (const headers of each) {
      expect(headers, method).toMatchObject({ 'x-tenant': 'acme', 'x-request-id': 'r-1' });
      for (const name of ['x-unlisted', 'authorization', 'cookie']) expect(headers).not.toHaveProperty(name);
    }
  }
};

const LISTS = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'];

const callAll = async (ask: (method: string, params: object) => Promise<unknown>): Promise<void> => {
  for (const method of LISTS) await ask(method, {});
  for (const name of ['first', 'second']) {
    await ask('tools/call', { name: `${name}-tool`, arguments: {} });
    await ask('prompts/get', { name: `${name}-prompt` });
    await ask('resources/read', { uri: `data://${name}` });
    const ref = { type: 'ref/prompt', name: `${name}-prompt` };
    await ask('completion/complete', { ref, argument: { name: 'a', value: '' } });
  }
};

const CALLS = ['tools/call', 'prompts/get', 'resources/read', 'completion/complete'];

const listen = async (gateway: TestGateway, uris: string[]): Promise<EventStreamClient> => {
  const params = { notifications: { toolsListChanged: true, resourceSubscriptions: uris } };
  const client = await EventStreamClient.open(
    gateway.url(),
    { method: 'POST', headers: modernHeaders('subscriptions/listen', params, { headers: SENT }) },
    modernBody('subscriptions/listen', params),
  );
  await client.message(({ method }) => method === 'notifications/subscriptions/acknowledged');
  return client;
};

describe('headers that `forward` names', () => {
  it('[COMPL-17/fan-out] arrive on every leg of a modern client to modern upstreams, and no other does', async () => {
    await using both = await startBoth(['modern']);
    const url = both.gateway.url();
    await callAll((method, params) => modernRequest(url, method, params, { headers: SENT }));
    const client = await listen(both.gateway, ['data://first', 'data://second']);
    for (const method of ['server/discover', ...LISTS, ...CALLS, 'subscriptions/listen'])
      await expectForwarded(both.upstreams, method);
    client.close();
  });

  it('[COMPL-17/fan-out-bridged] arrive on every leg of the sessions that are held for a modern client', async () => {
    await using both = await startBoth(['legacy']);
    for (const { upstream } of both.upstreams) upstream.onGet((_request, response) => openStream(response));
    const url = both.gateway.url();
    for (const { upstream } of both.upstreams)
      upstream.on('resources/subscribe', ({ message, response }) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: {} }));
      });
    await callAll((method, params) => modernRequest(url, method, params, { headers: SENT }));
    const client = await listen(both.gateway, ['data://first', 'data://second']);
    for (const method of [
      'initialize',
      'notifications/initialized',
      ...LISTS,
      ...CALLS,
      'resources/subscribe',
    ])
      await expectForwarded(both.upstreams, method);
    client.close();
  });

  it.each([
    ['modern', ['server/discover', 'subscriptions/listen']],
    ['legacy', ['initialize', 'notifications/initialized']],
  ] as const)(
    '[COMPL-17/fan-out-session] arrive on every leg of a session at %s upstreams',
    async (era, opening) => {
      await using both = await startBoth([era]);
      const url = both.gateway.url();
      const session = await openSession(url, SENT);
      await callAll((method, params) => legacyRequest(url, method, params, session));
      for (const method of [...opening, ...LISTS, ...CALLS]) await expectForwarded(both.upstreams, method);
    },
  );

  it('keep lists apart, but for those that only tell requests apart', async () => {
    await using only = await startOfferingUpstream('only', { tools: [] });
    only.upstream.on('tools/list', ({ message, request, response }) => {
      const tools = toolsNamed(`of-${request.headers['x-tenant']}`);
      response.writeHead(200, { 'content-type': 'application/json' });
      const result = { tools, resultType: 'complete', ttlMs: 60_000, cacheScope: 'private' };
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
    });
    const upstream = { headers: { forward: ['x-tenant', 'x-request-id'] }, protocol: { era: 'modern' } };
    await using gateway = await startTestGateway(configuration({ only: only.url }, { upstream }));
    const list = (tenant: string, id: string) =>
      toolNames(gateway.url(), { headers: { 'x-tenant': tenant, 'x-request-id': id } });
    for (const id of ['r-1', 'r-2'])
      for (const tenant of ['acme', 'globex']) expect(await list(tenant, id)).toEqual([`of-${tenant}`]);
    const asked = only.upstream.log.filter(({ message }) => message.method === 'tools/list');
    expect(asked.map(({ headers }) => [headers['x-tenant'], headers['x-request-id']])).toEqual([
      ['acme', 'r-1'],
      ['globex', 'r-1'],
    ]);
    const foreign = await callTool(gateway.url(), 'of-globex', {}, { headers: { 'x-tenant': 'acme' } });
    expect(foreign.body.error.code).toBe(-32602);
  });
});
