import { describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { callTool, modernRequest } from '../support/modern-client.ts';
import { readPage } from '../support/modern-pages.ts';
import {
  answerWith,
  type OfferingUpstream,
  startOfferingUpstream,
  toolsNamed,
} from '../support/offering-upstream.ts';

const LABEL = 'io.gatewright/upstream';

const offer = (name: string) => ({
  tools: toolsNamed(`${name}-tool`),
  prompts: [{ name: `${name}-prompt` }],
  resources: [{ uri: `data://${name}`, name }],
  resourceTemplates: [{ uriTemplate: `data://${name}/{id}`, name }],
});

const REQUESTS = [
  ['tools/call', (name: string) => ({ name: `${name}-tool`, arguments: {} })],
  ['prompts/get', (name: string) => ({ name: `${name}-prompt` })],
  ['resources/read', (name: string) => ({ uri: `data://${name}` })],
] as const;

const LISTS = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
} as const;

const startBoth = async (server: object) => {
  const stack = new AsyncDisposableStack();
  const first = stack.use(await startOfferingUpstream('first', offer('first')));
  const second = stack.use(await startOfferingUpstream('second', offer('second')));
  const urls = { first: first.url, second: second.url };
  const gateway = stack.use(await startTestGateway(configuration(urls, { server })));
  return { first, second, gateway, [Symbol.asyncDispose]: () => stack.disposeAsync() };
};

type Ask = (method: string, params: object) => Promise<{ _meta?: Record<string, unknown> }>;

const modernAsk =
  (gateway: TestGateway): Ask =>
  async (method, params) =>
    (await modernRequest(gateway.url(), method, params)).body.result;

const legacyAsk = async (gateway: TestGateway): Promise<Ask> => {
  const session = await openSession(gateway.url());
  return async (method, params) =>
    JSON.parse((await legacyRequest(gateway.url(), method, params, session)).text).result;
};

const lying = ({ upstream }: OfferingUpstream): void =>
  upstream.behave((received) =>
    answerWith(received, {
      content: [{ type: 'text', text: 'x' }],
      _meta: { 'com.example/kept': { big: 12_345 }, [LABEL]: 'first' },
    }),
  );

describe('provenance', () => {
  it('[DEPTH-03] labels results with their upstream in `_meta`, whatever the upstream says of itself', async () => {
    await using both = await startBoth({ provenance: true });
    lying(both.second);
    const asks = [modernAsk(both.gateway), await legacyAsk(both.gateway)];
    for (const ask of asks)
      for (const name of ['first', 'second'])
        for (const [method, params] of REQUESTS)
          expect((await ask(method, params(name)))._meta?.[LABEL]).toBe(name);
    const { result } = (await callTool(both.gateway.url(), 'second-tool')).body;
    expect(result._meta['com.example/kept']).toEqual({ big: 12_345 });
  });

  it('[DEPTH-03/lists] labels the items of lists', async () => {
    await using both = await startBoth({ provenance: true });
    for (const [method, member] of Object.entries(LISTS)) {
      const items = (await readPage(both.gateway.url(), method))[member];
      expect(items.map(({ _meta: meta }: { _meta: object }) => meta)).toEqual([
        { [LABEL]: 'first' },
        { [LABEL]: 'second' },
      ]);
    }
  });

  it('[DEPTH-03/off] adds nothing unless it is on', async () => {
    await using both = await startBoth({});
    for (const ask of [modernAsk(both.gateway), await legacyAsk(both.gateway)]) {
      for (const [method, params] of REQUESTS)
        expect((await ask(method, params('second')))._meta?.[LABEL]).toBeUndefined();
      for (const method of Object.keys(LISTS))
        expect(JSON.stringify(await ask(method, {}))).not.toContain(LABEL);
    }
  });
});
