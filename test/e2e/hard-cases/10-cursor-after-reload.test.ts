import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { cursorError, readPage } from '../../support/modern-pages.ts';
import { startOfferingUpstream, toolsNamed } from '../../support/offering-upstream.ts';

const names = ({ tools }: { tools: { name: string }[] }): string[] => tools.map(({ name }) => name);

const hiding = (name: string) => ({
  server: { lists: { pageItems: 2 }, policies: ['hide'] },
  policies: { hide: { type: 'cel', deny: `tool.name == '${name}'` } },
});

describe('a cursor that is used after its list has changed', () => {
  it('hard case 10: goes on exactly after a reload, under the rules that serve now, or is refused', async () => {
    await using only = await startOfferingUpstream('only', { tools: toolsNamed('a', 'b', 'c', 'd', 'e') });
    const urls = { only: only.url };
    const plain = (over: object = {}) =>
      configuration(urls, { server: { lists: { pageItems: 2 }, ...over } });
    await using gateway = await startTestGateway(plain());
    const list = (cursor?: string) => readPage(gateway.url(), 'tools/list', cursor);
    const { nextCursor } = await list();
    expect(names(await list(nextCursor))).toEqual(['c', 'd']);

    expect((await gateway.load(plain({ instructions: 'another configuration' }))).result).toBe('applied');
    expect(names(await list(nextCursor))).toEqual(['c', 'd']);

    await gateway.load(configuration(urls, hiding('d')));
    const refusedScope = await cursorError(gateway.url(), 'tools/list', nextCursor);
    expect(refusedScope.code).toBe(-32602);
    const underRules = await list();
    expect(names(underRules)).toEqual(['a', 'b']);
    expect(names(await list(underRules.nextCursor))).toEqual(['c', 'e']);

    await gateway.load(configuration(urls, hiding('a')));
    expect((await cursorError(gateway.url(), 'tools/list', underRules.nextCursor)).code).toBe(-32602);
    const anew = await list();
    expect(names(anew)).toEqual(['b', 'c']);
    expect(names(await list(anew.nextCursor))).toEqual(['d', 'e']);

    await gateway.load(configuration(urls, hiding('e')));
    expect((await cursorError(gateway.url(), 'tools/list', anew.nextCursor)).code).toBe(-32602);
  });

  it('goes on exactly with other page sizes', async () => {
    await using only = await startOfferingUpstream('only', { tools: toolsNamed('a', 'b', 'c', 'd', 'e') });
    const sized = (pageItems: number) =>
      configuration({ only: only.url }, { server: { lists: { pageItems } } });
    await using gateway = await startTestGateway(sized(2));
    const { nextCursor } = await readPage(gateway.url(), 'tools/list');
    await gateway.load(sized(10));
    expect(names(await readPage(gateway.url(), 'tools/list', nextCursor))).toEqual(['c', 'd', 'e']);
  });
});
