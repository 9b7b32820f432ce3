import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { cursorError, type PageResult, readPage, readPages } from '../../support/modern-pages.ts';
import { answerWith, startOfferingUpstream, toolsNamed } from '../../support/offering-upstream.ts';

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}${at}`);

const names = ({ tools }: PageResult): string[] => tools.map(({ name }: { name: string }) => name);

const LISTS = [
  ['tools/list', 'tools', (name: string) => ({ name, inputSchema: { type: 'object' } })],
  ['prompts/list', 'prompts', (name: string) => ({ name })],
  ['resources/list', 'resources', (name: string) => ({ name, uri: `data://${name}` })],
  [
    'resources/templates/list',
    'resourceTemplates',
    (name: string) => ({ name, uriTemplate: `data://${name}/{id}` }),
  ],
] as const;

/** A gateway that waits for lists of the first upstream as long as ever, and not for those of the second. */
const impatient = (first: string, second: string, pageItems: number): string => {
  const yaml = JSON.parse(configuration({ first, second }, { server: { lists: { pageItems } } }));
  yaml.upstreams.second.timeouts = { list: '1s' };
  return JSON.stringify(yaml);
};

describe('a list that is longer than a page', () => {
  it.each(LISTS)(
    '%s is told whole over its pages, whatever pages its upstreams have',
    async (method, member, item) => {
      const offer = (names: string[], pageItems: number) => ({ [member]: names.map(item), pageItems });
      await using first = await startOfferingUpstream('first', offer(numbered('a', 7), 2));
      await using second = await startOfferingUpstream('second', offer(numbered('b', 5), 3));
      const server = { lists: { pageItems: 5 } };
      await using gateway = await startTestGateway(
        configuration({ first: first.url, second: second.url }, { server }),
      );
      const pages = await readPages(gateway.url(), method);
      expect(pages.map((page) => page[member].length)).toEqual([5, 5, 2]);
      expect(pages.flatMap((page) => page[member].map(({ name }: { name: string }) => name))).toEqual([
        ...numbered('a', 7),
        ...numbered('b', 5),
      ]);
      expect(new Set(pages.map(({ ttlMs }) => ttlMs)).size).toBe(1);
      expect(new Set(pages.map(({ cacheScope }) => cacheScope))).toEqual(new Set(['public']));
    },
  );

  it('is cut where a page would get too large', async () => {
    const tools = toolsNamed('a', 'b', 'c').map((tool) => ({ ...tool, description: 'x'.repeat(600) }));
    await using only = await startOfferingUpstream('only', { tools });
    const server = { lists: { pageBytes: '1KiB' } };
    await using gateway = await startTestGateway(configuration({ only: only.url }, { server }));
    const pages = await readPages(gateway.url(), 'tools/list');
    expect(pages.map(({ tools: told }) => told.length)).toEqual([1, 1, 1]);
  });

  it('is one page where nothing is configured and it is not huge', async () => {
    await using only = await startOfferingUpstream('only', { tools: toolsNamed(...numbered('t', 1000)) });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const pages = await readPages(gateway.url(), 'tools/list');
    expect(pages.map(({ tools }) => tools.length)).toEqual([1000]);
  });

  it('is told in pages within a session of an older revision too', async () => {
    await using only = await startOfferingUpstream('only', { tools: toolsNamed(...numbered('t', 5)) });
    const server = { lists: { pageItems: 2 } };
    await using gateway = await startTestGateway(configuration({ only: only.url }, { server }));
    const session = await openSession(gateway.url());
    const names: string[] = [];
    let params = {};
    for (let page = 0; page < 3; page += 1) {
      const { result } = JSON.parse((await legacyRequest(gateway.url(), 'tools/list', params, session)).text);
      names.push(...result.tools.map(({ name }: { name: string }) => name));
      expect(result.nextCursor === undefined).toBe(page === 2);
      params = { cursor: result.nextCursor };
    }
    expect(names).toEqual(numbered('t', 5));
  });

  it('goes on from what its first page was cut from, without asking upstreams again', async () => {
    await using only = await startOfferingUpstream('only', { tools: toolsNamed('a', 'b', 'c'), ttlMs: 0 });
    const server = { lists: { pageItems: 1 } };
    await using gateway = await startTestGateway(configuration({ only: only.url }, { server }));
    await readPages(gateway.url(), 'tools/list');
    const lists = only.upstream.log.filter(({ message }) => message.method === 'tools/list');
    expect(lists).toHaveLength(1);
  });

  it('neither loses nor repeats an item where an upstream was slow for the first page', async () => {
    await using first = await startOfferingUpstream('first', { tools: toolsNamed('a', 'b', 'c') });
    await using second = await startOfferingUpstream('second', { tools: toolsNamed('x', 'y') });
    let release: (() => void) | undefined;
    second.upstream.on('tools/list', (received) => {
      release ??= () =>
        answerWith(received, { tools: second.offer.tools }, { ttlMs: 60_000, cacheScope: 'public' });
    });
    await using gateway = await startTestGateway(impatient(first.url, second.url, 2));
    const opening = await readPage(gateway.url(), 'tools/list');
    expect(opening._meta['io.gatewright/partial']).toBe(true);
    expect(opening.ttlMs).toBe(0);
    expect(names(opening)).toEqual(['a', 'b']);
    release!();
    const next = async () => names(await readPage(gateway.url(), 'tools/list', opening.nextCursor));
    await expect.poll(next).toEqual(['c', 'x']);
    const last = await readPage(gateway.url(), 'tools/list', opening.nextCursor);
    expect(names(await readPage(gateway.url(), 'tools/list', last.nextCursor))).toEqual(['y']);
  });

  it('is begun anew where what follows may be kept by fewer than was said of its first page', async () => {
    await using first = await startOfferingUpstream('first', { tools: toolsNamed('a', 'b') });
    await using second = await startOfferingUpstream('second', {
      tools: toolsNamed('x'),
      cacheScope: 'private',
    });
    let release: (() => void) | undefined;
    second.upstream.on('tools/list', (received) => {
      release ??= () =>
        answerWith(received, { tools: second.offer.tools }, { ttlMs: 60_000, cacheScope: 'private' });
    });
    await using gateway = await startTestGateway(impatient(first.url, second.url, 1));
    const opening = await readPage(gateway.url(), 'tools/list');
    expect(opening.cacheScope).toBe('public');
    release!();
    const refusal = async () => (await cursorError(gateway.url(), 'tools/list', opening.nextCursor))?.code;
    await expect.poll(refusal).toBe(-32602);
    const pages = await readPages(gateway.url(), 'tools/list');
    expect(pages.flatMap(names)).toEqual(['a', 'b', 'x']);
    expect(new Set(pages.map(({ cacheScope }) => cacheScope))).toEqual(new Set(['private']));
  });

  it('says that it is not whole where the pages of an upstream go round in circles', async () => {
    await using only = await startOfferingUpstream('only', { tools: toolsNamed('a') });
    only.upstream.on('tools/list', (received) => {
      const { cursor } = received.message.params as { cursor?: string };
      const next = cursor === 'one' ? 'two' : 'one';
      answerWith(
        received,
        { tools: toolsNamed(`from-${cursor}`), nextCursor: next },
        { ttlMs: 0, cacheScope: 'public' },
      );
    });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const page = await readPage(gateway.url(), 'tools/list');
    expect(page.tools.map(({ name }: { name: string }) => name)).toEqual([
      'from-undefined',
      'from-one',
      'from-two',
    ]);
    expect(page._meta['io.gatewright/partial']).toBe(true);
    expect(page.ttlMs).toBe(0);
  });

  it('follows a cursor of an upstream that is the empty string', async () => {
    await using only = await startOfferingUpstream('only', { tools: [] });
    only.upstream.on('tools/list', (received) => {
      const { cursor } = received.message.params as { cursor?: string };
      const rest = cursor === undefined ? { nextCursor: '' } : {};
      const tools = toolsNamed(cursor === undefined ? 'first' : 'last');
      answerWith(received, { tools, ...rest }, { ttlMs: 0, cacheScope: 'public' });
    });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const { tools } = await readPage(gateway.url(), 'tools/list');
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(['first', 'last']);
  });

  it('has no page of an empty cursor, which nobody was handed out', async () => {
    await using only = await startOfferingUpstream('only', { tools: toolsNamed('a') });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    for (const cursor of ['', 7, null, {}])
      expect((await cursorError(gateway.url(), 'tools/list', cursor)).code).toBe(-32602);
  });
});
