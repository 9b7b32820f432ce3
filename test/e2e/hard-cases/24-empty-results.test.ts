import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startEverything } from '../../support/everything/server.ts';
import { json } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';
import { startModernUpstream } from '../clients/upstreams/modern-http.ts';
import { openV1 } from '../clients/v1-peer.ts';

it('hard case 24: a client of the first SDK, which takes nothing in an empty result, can ping and set the level of a modern upstream', async () => {
  await using upstream = await startModernUpstream();
  await using gateway = await startTestGateway(configuration({ modern: upstream.url }));
  await using peer = await openV1(gateway.url());
  await peer.ping();
  await peer.setLogLevel('info');
});

it('hard case 24: a client of the first SDK can subscribe to a resource of a modern upstream, and unsubscribe', async () => {
  await using everything = await startEverything();
  const upstream = { protocol: { era: 'modern' } };
  await using gateway = await startTestGateway(configuration({ everything: everything.url }, { upstream }));
  await using peer = await openV1(gateway.url());
  await peer.subscribe('test://watched-resource');
  await peer.unsubscribe('test://watched-resource');
});

describe('an empty result', () => {
  it.each([
    ['modern', 'ping', {}],
    ['modern', 'logging/setLevel', { level: 'error' }],
    ['legacy', 'ping', {}],
    ['legacy', 'logging/setLevel', { level: 'error' }],
  ] as const)('hard case 24: is empty before a %s upstream: %s', async (era, method, params) => {
    const upstream = await startToolUpstream('one', ['a'], { eras: [era] });
    upstream.on('logging/setLevel', ({ message, response }) =>
      json(response, { jsonrpc: '2.0', id: message.id, result: { resultType: 'complete' } }),
    );
    await using gateway = await startTestGateway(configuration({ one: upstream.url }));
    const session = await openSession(gateway.url());
    const { text } = await legacyRequest(gateway.url(), method, params, session);
    expect(text).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
    await upstream.close();
  });
});
