import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { startTestGateway } from '../support/gateway.ts';
import { callTool, modernRequest } from '../support/modern-client.ts';
import { readPage } from '../support/modern-pages.ts';
import { answerWith, startOfferingUpstream, toolsNamed } from '../support/offering-upstream.ts';

const URIS = Array.from({ length: 200 }, (_, at) => `data://files/some/long/path/of/a/victim/${at}`);
const SLASHES = `data:${'/'.repeat(80_000)}`;
const RUN = '~'.repeat(4000);

const HOSTILE = {
  tools: toolsNamed('links'),
  resources: [
    'data://shared',
    `x:${RUN}hostile${RUN}`,
    `x:${'~'.repeat(6000)}hostile${'~'.repeat(6000)}`,
  ].map((uri) => ({ uri, name: 'mine' })),
  resourceTemplates: [
    'data://{id}',
    `data://${'{a}'.repeat(18_000)}`,
    ...Array.from({ length: 100 }, (_, at) => `data://${'{a}/{+b}i'.repeat(40)}${at}{c}`),
  ].map((uriTemplate, at) => ({ uriTemplate, name: `t${at}` })),
};

describe('an upstream that lists and returns URIs to keep the gateway busy', () => {
  it('leaves the event loop to the others, whose calls and resources are served', async () => {
    await using friendly = await startOfferingUpstream('friendly', {
      tools: toolsNamed('echo'),
      resources: ['data://shared', ...URIS].map((uri) => ({ uri, name: 'file' })),
    });
    await using hostile = await startOfferingUpstream('hostile', HOSTILE);
    hostile.upstream.behave((received) =>
      answerWith(received, {
        content: [SLASHES, ...URIS, 'data://shared', `data://i${'/i'.repeat(4000)}`].map((uri) => ({
          type: 'resource_link',
          uri,
          name: 'link',
        })),
      }),
    );
    await using gateway = await startTestGateway(
      configuration({ friendly: friendly.url, hostile: hostile.url }),
    );
    const url = gateway.url();
    expect((await callTool(url, 'echo')).body.result.content[0].text).toContain('friendly');
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    const [{ resources }, echoed, linked] = await Promise.all([
      readPage(url, 'resources/list'),
      callTool(url, 'echo'),
      callTool(url, 'links'),
    ]);
    const read = await modernRequest(url, 'resources/read', { uri: URIS[7]! });
    delay.disable();
    expect(echoed.body.result.content[0].text).toContain('friendly');
    expect(resources.map(({ uri }: { uri: string }) => uri)).toContain('data://~~hostile~~2~/shared');
    const links = linked.body.result.content.map(({ uri }: { uri: string }) => uri);
    expect(links[0]).toBe(SLASHES);
    expect(links.at(-2)).toBe('data://~~hostile~~2~/shared');
    expect(read.body.result.contents).toEqual([{ uri: URIS[7], text: 'friendly' }]);
    const shared = await modernRequest(url, 'resources/read', { uri: 'data://~~hostile~~2~/shared' });
    expect(shared.body.result.contents[0].text).toBe('hostile');
    expect(delay.max / 1e6).toBeLessThan(5000);
  });
});
