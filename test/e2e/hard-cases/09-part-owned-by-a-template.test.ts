import { describe, expect, it } from 'vitest';
import { startFeed } from '../../support/change-feed.ts';
import { configuration } from '../../support/configuration.ts';
import { EventStreamClient } from '../../support/event-stream-client.ts';
import { json } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { openListen } from '../../support/listen-client.ts';

const UPDATED = 'notifications/resources/updated';
const ROW = 'db://rows/7';

/** A feed that lists nothing but these templates. */
const startTemplates = async (...uriTemplates: string[]) => {
  const feed = await startFeed();
  const templates = uriTemplates.map((uriTemplate) => ({ uriTemplate, name: uriTemplate }));
  for (const [method, member, items] of [
    ['resources/list', 'resources', []],
    ['resources/templates/list', 'resourceTemplates', templates],
  ] as const)
    feed.upstream.on(method, ({ message, response }) => {
      const result = { [member]: items, ttlMs: 0, cacheScope: 'private', resultType: 'complete' };
      json(response, { jsonrpc: '2.0', id: message.id, result });
    });
  return feed;
};

describe('an update of a part of a resource', () => {
  it('hard case 9: is told if it comes from the upstream whose template it fits, and rules allow it', async () => {
    await using other = await startTemplates('files://{+path}');
    await using owner = await startTemplates('db://rows/{id}', 'db://rows/{id}/cells/{cell}');
    await using gateway = await startTestGateway(
      configuration(
        { other: other.url, owner: owner.url },
        {
          server: { policies: ['secrets'] },
          policies: { secrets: { type: 'cel', deny: "resource.uri.endsWith('/cells/secret')" } },
        },
      ),
    );
    const client = await openListen(gateway.url(), { resourceSubscriptions: [ROW] });
    const session = await openSession(gateway.url());
    const heard = await EventStreamClient.open(gateway.url(), {
      headers: { accept: 'text/event-stream', ...session },
    });
    await legacyRequest(gateway.url(), 'resources/subscribe', { uri: ROW }, session);
    expect(client).toMatchObject({ honoured: { resourceSubscriptions: [ROW] } });
    expect(JSON.stringify(other.asked)).not.toContain(ROW);
    for (const uri of ['db://rows/70', `${ROW}/cells/secret`, 'files://x', `${ROW}/cells/2`])
      owner.tell(UPDATED, { uri });
    for (const stream of [client, heard]) {
      await stream.message(({ method }) => method === UPDATED);
      const uris = stream.messages.filter(({ method }) => method === UPDATED).map(({ params }) => params.uri);
      expect(uris).toEqual([`${ROW}/cells/2`]);
      stream.close();
    }
  });

  it('hard case 9: is not told on the word of an upstream that does not own it', async () => {
    await using other = await startTemplates('db://rows/{id}');
    await using owner = await startTemplates('db://rows/{id}/cells/{cell}');
    await using gateway = await startTestGateway(configuration({ other: other.url, owner: owner.url }));
    const uris = [ROW, `${ROW}/cells/1`];
    const client = await openListen(gateway.url(), { resourceSubscriptions: uris });
    other.tell(UPDATED, { uri: `${ROW}/cells/1` });
    other.tell(UPDATED, { uri: ROW });
    await client.message(({ params }) => params?.uri === ROW);
    owner.tell(UPDATED, { uri: `${ROW}/cells/1` });
    await client.message(({ params }) => params?.uri === `${ROW}/cells/1`);
    expect(client.messages.filter(({ method }) => method === UPDATED)).toHaveLength(2);
    client.close();
  });
});
