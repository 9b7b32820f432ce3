import { describe, expect, it } from 'vitest';
import { makeCallers } from '../../support/callers.ts';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { callTool, modernRequest, toolNames } from '../../support/modern-client.ts';
import { answerWith, startOfferingUpstream, toolsNamed } from '../../support/offering-upstream.ts';

describe('what is kept of lists and results', () => {
  it('K1: never crosses from one caller to another, nor outlives the rules that it was told under', async () => {
    const callers = await makeCallers();
    await using only = await startOfferingUpstream('only', {
      tools: toolsNamed('for-all', 'for-admins'),
      ttlMs: 3_600_000,
    });
    const over = (allow: string) => ({
      identity: callers.identity,
      server: { identity: ['workforce'], policies: ['who'] },
      policies: { who: { type: 'cel', allow } },
    });
    const admins = "tool.name == 'for-all' || 'admins' in principal.roles";
    await using gateway = await startTestGateway(configuration({ only: only.url }, over(admins)), {
      files: callers.files,
    });
    const url = gateway.url();
    const alice = await callers.token(gateway, 'alice', ['admins']);
    const bob = await callers.token(gateway, 'bob');
    for (let round = 0; round < 3; round += 1) {
      expect(await toolNames(url, { token: alice })).toEqual(['for-all', 'for-admins']);
      expect(await toolNames(url, { token: bob })).toEqual(['for-all']);
      expect((await callTool(url, 'for-admins', {}, { token: bob })).body.error.code).toBe(-32602);
    }
    // The same person with another token is another authorization context.
    const demoted = await callers.token(gateway, 'alice');
    expect(await toolNames(url, { token: demoted })).toEqual(['for-all']);

    await gateway.load(configuration({ only: only.url }, over("tool.name == 'for-all'")));
    expect(await toolNames(url, { token: alice })).toEqual(['for-all']);
    expect(only.upstream.log.filter(({ message }) => message.method === 'tools/list').length).toBeLessThan(3);
  });

  it('is nobody else’s where the link to the upstream is the caller’s own', async () => {
    const callers = await makeCallers();
    await using only = await startOfferingUpstream('only', { tools: [] }, { eras: ['legacy'] });
    const owners = new Map<unknown, number>();
    only.upstream.on('tools/list', (received) => {
      const id = received.request.headers['mcp-session-id'];
      if (!owners.has(id)) owners.set(id, owners.size + 1);
      answerWith(received, { tools: toolsNamed(`of-session-${owners.get(id)}`) });
    });
    await using gateway = await startTestGateway(
      configuration({ only: only.url }, { identity: callers.identity, server: { identity: ['workforce'] } }),
      { files: callers.files },
    );
    const tokens = [await callers.token(gateway, 'alice'), await callers.token(gateway, 'bob')];
    const seen = [];
    for (const token of [...tokens, ...tokens]) seen.push(await toolNames(gateway.url(), { token }));
    expect(seen[0]).not.toEqual(seen[1]);
    expect(seen.slice(2)).toEqual(seen.slice(0, 2));
  });

  it('holds nothing that was read, least of all what a retry brought', async () => {
    await using only = await startOfferingUpstream('only', { resources: [{ uri: 'data://a', name: 'a' }] });
    let reads = 0;
    only.upstream.on('resources/read', (received) => {
      reads += 1;
      const { inputResponses } = received.message.params as { inputResponses?: object };
      const text = inputResponses === undefined ? 'plain' : 'for the one who answered';
      answerWith(
        received,
        { contents: [{ uri: 'data://a', text }] },
        { ttlMs: 3_600_000, cacheScope: 'public' },
      );
    });
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const read = async (params: object) =>
      (await modernRequest(gateway.url(), 'resources/read', { uri: 'data://a', ...params })).body;
    expect((await read({})).result.contents[0].text).toBe('plain');
    await read({ inputResponses: { who: { action: 'accept', content: {} } } });
    expect((await read({})).result.contents[0].text).toBe('plain');
    expect(reads).toBeGreaterThanOrEqual(2);
  });

  it('is told as private where it was read under rules, whatever its upstream says', async () => {
    const callers = await makeCallers();
    await using only = await startOfferingUpstream('only', { resources: [{ uri: 'data://a', name: 'a' }] });
    only.upstream.on('resources/read', (received) =>
      answerWith(
        received,
        { contents: [{ uri: 'data://a', text: 'x' }] },
        { ttlMs: 60_000, cacheScope: 'public' },
      ),
    );
    const guarded = { identity: callers.identity, server: { identity: ['workforce'] } };
    await using gateway = await startTestGateway(configuration({ only: only.url }, guarded), {
      files: callers.files,
    });
    const token = await callers.token(gateway, 'alice');
    const read = await modernRequest(gateway.url(), 'resources/read', { uri: 'data://a' }, { token });
    expect(read.body.result).toMatchObject({ cacheScope: 'private', ttlMs: 60_000 });
    await using open = await startTestGateway(configuration({ only: only.url }));
    const anybody = await modernRequest(open.url(), 'resources/read', { uri: 'data://a' });
    expect(anybody.body.result.cacheScope).toBe('public');
  });
});
