import { describe, expect, it } from 'vitest';
import { makeCallers } from '../../support/callers.ts';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { readPage } from '../../support/modern-pages.ts';
import { startOfferingUpstream, toolsNamed } from '../../support/offering-upstream.ts';

describe('a list that its upstream calls public', () => {
  it('hard case 23: is told as private where rules decide by who asks what it holds', async () => {
    const callers = await makeCallers();
    await using only = await startOfferingUpstream('only', {
      tools: toolsNamed('for-all', 'for-admins'),
      cacheScope: 'public',
    });
    const policies = {
      admins: { type: 'cel', allow: "tool.name == 'for-all' || 'admins' in principal.roles" },
    };
    const server = { identity: ['workforce'], policies: ['admins'] };
    await using gateway = await startTestGateway(
      configuration({ only: only.url }, { identity: callers.identity, server, policies }),
      { files: callers.files },
    );
    const list = async (sub: string, groups: string[]) => {
      const token = await callers.token(gateway, sub, groups);
      const { tools, cacheScope } = await readPage(gateway.url(), 'tools/list', undefined, { token });
      return { cacheScope, names: tools.map(({ name }: { name: string }) => name) };
    };
    expect(await list('alice', ['admins'])).toEqual({
      cacheScope: 'private',
      names: ['for-all', 'for-admins'],
    });
    expect(await list('bob', [])).toEqual({ cacheScope: 'private', names: ['for-all'] });
    expect(only.upstream.log.filter(({ message }) => message.method === 'tools/list')).toHaveLength(1);
  });

  it('stays public where anybody is told the same', async () => {
    await using only = await startOfferingUpstream('only', { tools: toolsNamed('a'), cacheScope: 'public' });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    expect((await readPage(gateway.url(), 'tools/list')).cacheScope).toBe('public');
  });
});
