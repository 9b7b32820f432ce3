import { expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { type FastUpstream, json, startFastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { modernRequest } from '../support/modern-client.ts';

interface Owner extends AsyncDisposable {
  readonly upstream: FastUpstream;
  readonly url: string;
}

/** Lists nothing, and knows the URIs that begin with its own name. */
const startOwner = async (name: string, code: number): Promise<Owner> => {
  const upstream = await startFastUpstream();
  const answer =
    (result: object): Parameters<typeof upstream.on>[1] =>
    ({ message, response }) => {
      const isModern = message.params?._meta !== undefined;
      const hints = isModern ? { ttlMs: 0, cacheScope: 'private', resultType: 'complete' } : {};
      json(response, { jsonrpc: '2.0', id: message.id, result: { ...result, ...hints } });
    };
  upstream.on('resources/list', answer({ resources: [] }));
  upstream.on('resources/templates/list', answer({ resourceTemplates: [] }));
  upstream.on('resources/read', (received) => {
    const uri = String(received.message.params?.uri);
    if (uri.startsWith(`${name}:`)) answer({ contents: [{ uri, text: `of ${name}` }] })(received);
    else {
      const error = { code, message: 'Resource not found', data: { uri } };
      json(received.response, { jsonrpc: '2.0', id: received.message.id, error });
    }
  });
  return { upstream, url: upstream.url, [Symbol.asyncDispose]: () => upstream.close() };
};

const asked = ({ upstream }: Owner): unknown[] =>
  upstream.log
    .filter(({ message }) => message.method === 'resources/read')
    .map(({ message }) => message.params?.uri);

it('a resource that nobody lists is read from whichever upstream knows it', async () => {
  await using one = await startOwner('one', -32002);
  await using two = await startOwner('two', -32602);
  await using gateway = await startTestGateway(configuration({ one: one.url, two: two.url }));
  const read = async (uri: string) => (await modernRequest(gateway.url(), 'resources/read', { uri })).body;
  expect((await read('one:x')).result.contents).toEqual([{ uri: 'one:x', text: 'of one' }]);
  expect((await read('two:x')).result.contents).toEqual([{ uri: 'two:x', text: 'of two' }]);
  expect((await read('none:x')).error).toMatchObject({ code: -32602, data: { uri: 'none:x' } });
  expect(asked(two)).toEqual(['two:x', 'none:x']);

  const session = await openSession(gateway.url());
  const { text } = await legacyRequest(gateway.url(), 'resources/read', { uri: 'two:y' }, session);
  expect(text).toContain('of two');
});

it('an upstream is asked for no resource that the caller may not read there', async () => {
  await using one = await startOwner('one', -32002);
  await using two = await startOwner('two', -32602);
  const policies = {
    apart: { type: 'cel', deny: "upstream.name == 'two' && resource.uri.startsWith('two:secret')" },
  };
  const over = { policies, server: { policies: ['apart'] } };
  await using gateway = await startTestGateway(configuration({ one: one.url, two: two.url }, over));
  const read = async (uri: string) => (await modernRequest(gateway.url(), 'resources/read', { uri })).body;
  expect((await read('two:open')).result.contents[0].text).toBe('of two');
  expect((await read('two:secret')).error).toMatchObject({ code: -32602 });
  expect(asked(two)).toEqual(['two:open']);
});
