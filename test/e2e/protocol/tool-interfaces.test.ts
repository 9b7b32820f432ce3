import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { modernRequest } from '../../support/modern-client.ts';
import { readPage } from '../../support/modern-pages.ts';
import { startOfferingUpstream } from '../../support/offering-upstream.ts';

const MIME = 'text/html;profile=mcp-app';

const withInterface = (uri: string) => ({
  tools: [
    {
      name: 'show',
      inputSchema: { type: 'object' },
      _meta: { ui: { resourceUri: uri, visibility: ['app'] } },
    },
    { name: 'show_old', inputSchema: { type: 'object' }, _meta: { 'ui/resourceUri': uri } },
    { name: 'plain', inputSchema: { type: 'object' } },
  ],
  resources: [{ uri, name: 'interface', mimeType: MIME }],
});

interface Tool {
  readonly name: string;
  readonly _meta?: Record<string, unknown> & { ui?: { resourceUri: string; visibility: string[] } };
}

const uriOf = ({ _meta: meta }: Tool): unknown => meta?.ui?.resourceUri ?? meta?.['ui/resourceUri'];

describe('tools with a user interface', () => {
  it('keep theirs through prefixes and renames, also where two upstreams use one URI', async () => {
    await using first = await startOfferingUpstream('first', withInterface('ui://app/main'));
    await using second = await startOfferingUpstream('second', withInterface('ui://app/main'));
    const expose = [
      { upstream: 'first', prefix: 'one_' },
      { upstream: 'second', prefix: 'two_', tools: { rename: { show: 'renamed' } } },
    ];
    await using gateway = await startTestGateway(
      configuration({ first: first.url, second: second.url }, { expose }),
    );
    const url = gateway.url();
    const tools: Tool[] = (await readPage(url, 'tools/list')).tools;
    expect(tools.map((tool) => [tool.name, uriOf(tool)])).toEqual([
      ['one_show', 'ui://app/main'],
      ['one_show_old', 'ui://app/main'],
      ['one_plain', undefined],
      ['renamed', 'ui://~second~/app/main'],
      ['two_show_old', 'ui://~second~/app/main'],
      ['two_plain', undefined],
    ]);
    expect(tools[3]!._meta!.ui!.visibility).toEqual(['app']);
    for (const [uri, owner] of [
      ['ui://app/main', 'first'],
      ['ui://~second~/app/main', 'second'],
    ] as const) {
      const read = await modernRequest(url, 'resources/read', { uri });
      expect(read.body.result.contents).toEqual([{ uri, text: owner }]);
    }
  });

  it('are shown as they are where each interface is of one upstream only', async () => {
    await using first = await startOfferingUpstream('first', withInterface('ui://first/main'));
    await using second = await startOfferingUpstream('second', withInterface('ui://second/main'));
    const expose = [
      { upstream: 'first', prefix: 'one_' },
      { upstream: 'second', prefix: 'two_' },
    ];
    await using gateway = await startTestGateway(
      configuration({ first: first.url, second: second.url }, { expose }),
    );
    const { tools } = await readPage(gateway.url(), 'tools/list');
    const metas = (all: readonly object[]) => all.map((tool) => (tool as Tool)._meta);
    expect(metas(tools)).toEqual(metas([...first.offer.tools!, ...second.offer.tools!]));
  });

  it('cannot be made to call tools of an upstream that has no interface', async () => {
    await using first = await startOfferingUpstream('first', withInterface('ui://first/main'));
    await using second = await startOfferingUpstream('second', {
      tools: [
        { name: 'wipe', inputSchema: { type: 'object' }, _meta: { 'com.example/kept': 1, ui: { csp: {} } } },
        { name: 'meant', inputSchema: { type: 'object' }, _meta: { ui: { visibility: ['model', 'app'] } } },
      ],
    });
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    const { tools } = await readPage(gateway.url(), 'tools/list');
    expect(tools.slice(0, 3)).toEqual(first.offer.tools);
    expect(tools[3]._meta).toEqual({ ui: { visibility: ['model'], csp: {} }, 'com.example/kept': 1 });
    expect(tools[4]).toEqual(second.offer.tools![1]);
  });

  it('cannot be made to call a tool of another by the name of its own that goes by another name here', async () => {
    await using first = await startOfferingUpstream('first', withInterface('ui://first/main'));
    await using second = await startOfferingUpstream('second', withInterface('ui://second/main'));
    const expose = [{ upstream: 'first', prefix: 'one_' }, { upstream: 'second' }];
    await using gateway = await startTestGateway(
      configuration({ first: first.url, second: second.url }, { expose }),
    );
    const tools: Tool[] = (await readPage(gateway.url(), 'tools/list')).tools;
    const visibility = Object.fromEntries(tools.map(({ name, _meta: meta }) => [name, meta?.ui?.visibility]));
    expect(visibility).toEqual({
      one_show: ['app'],
      one_show_old: undefined,
      one_plain: undefined,
      show: ['app'],
      show_old: ['model'],
      plain: ['model'],
    });
  });
});
