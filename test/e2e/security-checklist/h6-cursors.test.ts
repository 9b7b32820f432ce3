import { describe, expect, it } from 'vitest';
import { makeCallers } from '../../support/callers.ts';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { cursorError, readPage } from '../../support/modern-pages.ts';
import { startOfferingUpstream, toolsNamed } from '../../support/offering-upstream.ts';

describe('cursors of lists', () => {
  it('H6: are opaque, and serve nobody else, no other list, no other server and no other era', async () => {
    const callers = await makeCallers();
    await using only = await startOfferingUpstream('only', {
      tools: toolsNamed('secret-tool', 'b', 'c'),
      prompts: [{ name: 'p' }, { name: 'q' }],
    });
    const server = { identity: ['workforce'], lists: { pageItems: 1 } };
    const place = (path: string) => ({
      ...server,
      at: [{ listener: 'main', path }],
      expose: [{ upstream: 'only' }],
    });
    await using gateway = await startTestGateway(
      configuration(
        { only: only.url },
        { identity: callers.identity, servers: { main: place('/mcp'), other: place('/other') } },
      ),
      { files: callers.files },
    );
    const url = gateway.url('main');
    const [alice, bob] = [await callers.token(gateway, 'alice'), await callers.token(gateway, 'bob')];
    const { nextCursor } = await readPage(url, 'tools/list', undefined, { token: alice });
    expect(Buffer.from(nextCursor, 'base64url').toString('latin1')).not.toMatch(
      /secret|digest|public|private/,
    );
    expect((await readPage(url, 'tools/list', nextCursor, { token: alice })).tools[0].name).toBe('b');

    const refused = async (where: string, method: string, cursor: string, token: string) =>
      expect(await cursorError(where, method, cursor, { token })).toMatchObject({
        code: -32602,
        message: 'invalid cursor',
      });
    await refused(url, 'tools/list', nextCursor, bob);
    await refused(url, 'prompts/list', nextCursor, alice);
    for (let at = 0; at < nextCursor.length; at += 7) {
      const flipped = nextCursor[at] === 'A' ? 'B' : 'A';
      await refused(url, 'tools/list', nextCursor.slice(0, at) + flipped + nextCursor.slice(at + 1), alice);
    }
    for (const cut of [nextCursor.slice(0, -1), `${nextCursor}A`, nextCursor.slice(1), `${nextCursor}=`])
      await refused(url, 'tools/list', cut, alice);
    const session = await openSession(url, { authorization: `Bearer ${alice}` });
    const legacy = await legacyRequest(url, 'tools/list', { cursor: nextCursor }, session);
    expect(JSON.parse(legacy.text).error.code).toBe(-32602);
  });
});
