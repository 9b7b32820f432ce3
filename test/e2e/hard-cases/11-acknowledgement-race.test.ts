import { describe, expect, it } from 'vitest';
import { startFeed } from '../../support/change-feed.ts';
import { configuration } from '../../support/configuration.ts';
import { event, json, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { openListen } from '../../support/listen-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const UPDATED = 'notifications/resources/updated';
const TOOLS_CHANGED = 'notifications/tools/list_changed';
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';

describe('a change right behind an acknowledgment', () => {
  it('hard case 11: is told after the client has its own, which waits for the slowest upstream', async () => {
    await using quick = await startFeed();
    await using slow = await startFeed();
    quick.upstream.on('subscriptions/listen', ({ message, response }) => {
      const { notifications } = message.params!;
      const _meta = { [SUBSCRIPTION]: message.id };
      openStream(response);
      response.write(
        event({ jsonrpc: '2.0', method: ACKNOWLEDGED, params: { notifications, _meta } }) +
          event({ jsonrpc: '2.0', method: TOOLS_CHANGED, params: { _meta } }),
      );
    });
    let acknowledge = (): void => undefined;
    slow.upstream.on('subscriptions/listen', ({ message, response }) => {
      const { notifications } = message.params!;
      openStream(response);
      acknowledge = () =>
        void response.write(event({ jsonrpc: '2.0', method: ACKNOWLEDGED, params: { notifications } }));
    });
    await using gateway = await startTestGateway(configuration({ quick: quick.url, slow: slow.url }));
    const opened = openListen(gateway.url(), { toolsListChanged: true });
    await slow.upstream.until(() =>
      slow.upstream.log.some(({ message }) => message.method === 'subscriptions/listen'),
    );
    acknowledge();
    const client = await opened;
    await client.message(({ method }) => method === TOOLS_CHANGED);
    expect(client.messages.map(({ method }) => method)).toEqual([ACKNOWLEDGED, TOOLS_CHANGED]);
    expect(client.messages[1].params._meta[SUBSCRIPTION]).toBe('sub');
    client.close();
  });

  it('hard case 11: of an older upstream is told too, whether before or after it answers', async () => {
    const upstream = await startToolUpstream('one', [], { eras: ['legacy'] });
    let say = (_uri: string): void => undefined;
    upstream.onGet((_request, response) => {
      openStream(response);
      say = (uri) => void response.write(event({ jsonrpc: '2.0', method: UPDATED, params: { uri } }));
    });
    upstream.on('resources/subscribe', ({ message, response }) => {
      const uri = String(message.params!.uri);
      say(`${uri}/before`);
      json(response, { jsonrpc: '2.0', id: message.id, result: {} });
      say(`${uri}/after`);
    });
    await using gateway = await startTestGateway(configuration({ one: upstream.url }));
    const client = await openListen(gateway.url(), { resourceSubscriptions: ['a://b'] });
    await client.message(({ params }) => params?.uri === 'a://b/after');
    const uris = client.messages.map(({ method, params }) => params.uri ?? method);
    expect(uris).toEqual([ACKNOWLEDGED, 'a://b/before', 'a://b/after']);
    client.close();
    await upstream.close();
  });

  it('hard case 11: without a stream to hear of changes by, nothing is promised', async () => {
    const upstream = await startToolUpstream('one', [], { eras: ['legacy'] });
    upstream.on('resources/subscribe', ({ message, response }) =>
      json(response, { jsonrpc: '2.0', id: message.id, result: {} }),
    );
    await using gateway = await startTestGateway(configuration({ one: upstream.url }));
    const filter = { toolsListChanged: true, resourceSubscriptions: ['a://b'] };
    const client = await openListen(gateway.url(), filter);
    expect(client.honoured).toEqual({});
    expect(upstream.log.some(({ message }) => message.method === 'resources/subscribe')).toBe(false);
    client.close();
    await upstream.close();
  });
});
