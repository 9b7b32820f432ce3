import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { event, type FastUpstream, json, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { legacyMessage, openSession, streamedRequest } from '../../support/legacy-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

let upstream: FastUpstream;
let gateway: TestGateway;

/** An upstream that speaks 2025-11-25 whatever it is asked for. */
beforeAll(async () => {
  upstream = await startToolUpstream('newer', ['ask'], { eras: ['legacy'] });
  upstream.on('initialize', ({ message, response }) => {
    const serverInfo = { name: 'newer', version: '1.0.0' };
    const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo };
    json(response, { jsonrpc: '2.0', id: message.id, result });
  });
  gateway = await startTestGateway(configuration({ newer: upstream.url }));
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** Asks this before it answers with a link; resolves to what it was answered. */
const asking = (id: string, method: string, params: object) => {
  const { promise, resolve } = Promise.withResolvers<{ result?: unknown; error?: { code: number } }>();
  upstream.behave(({ message, response }) => {
    openStream(response);
    response.write(event({ jsonrpc: '2.0', id, method, params }));
    void upstream
      .until(() => upstream.log.some(({ message: heard }) => heard.id === id))
      .then(() => {
        const heard = upstream.log.find(({ message: each }) => each.id === id)!;
        resolve(heard.message as Awaited<typeof promise>);
        const content = [{ type: 'resource_link', uri: 'a://b', name: 'b', icons: [] }];
        response.end(event({ jsonrpc: '2.0', id: message.id, result: { content } }));
      });
  });
  return promise;
};

const call = async (version: string, capabilities: object) => {
  const session = await openSession(gateway.url(), {}, { version, capabilities });
  const stream = await streamedRequest(gateway.url(), session, {
    id: 1,
    method: 'tools/call',
    params: { name: 'ask' },
  });
  return { session, stream };
};

describe('a legacy upstream that speaks a newer revision than its client', () => {
  it('asks in the words of the client, is answered in its own, and answers in those of the client', async () => {
    const properties = { colours: { type: 'array', items: { type: 'string', enum: ['r', 'g'] } } };
    const form = { mode: 'form', message: 'Which?', requestedSchema: { type: 'object', properties } };
    const answered = asking('form', 'elicitation/create', form);
    const { session, stream } = await call('2025-06-18', { elicitation: {} });
    const ask = await stream.message(({ method }) => method === 'elicitation/create');
    expect(Object.keys(ask.params.requestedSchema.properties)).toEqual(['colours.r', 'colours.g']);
    await legacyMessage(gateway.url(), session, {
      id: ask.id,
      result: { action: 'accept', content: { 'colours.r': true, 'colours.g': true } },
    });
    expect((await answered).result).toEqual({ action: 'accept', content: { colours: ['r', 'g'] } });
    const { result } = await stream.message(({ id }) => id === 1);
    expect(result.content).toEqual([{ type: 'resource_link', uri: 'a://b', name: 'b' }]);
  });

  it('is refused what the revision of the client has no words for', async () => {
    const tools = { messages: [], maxTokens: 1, tools: [] };
    const answered = asking('tools', 'sampling/createMessage', tools);
    const { stream } = await call('2025-03-26', { sampling: { tools: {} } });
    const { result } = await stream.message(({ id }) => id === 1);
    expect((await answered).error?.code).toBe(-32601);
    expect(stream.messages).toHaveLength(1);
    expect(JSON.parse(result.content[0].text)).toMatchObject({ type: 'resource_link', uri: 'a://b' });
  });
});
