import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ableCall,
  ableRequest,
  answersTo,
  askedBy,
  keysOf,
  messagesOf,
  named,
  retryCall,
} from '../support/asking.ts';
import { configuration } from '../support/configuration.ts';
import { type FastUpstream, json, type RpcMessage } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { callTool } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

/** A state that is not written the way that JSON.stringify would. */
const STATE_TEXT = '"s\\u0074ate \\/ \\ud83d\\ude00 \u00e9 \\" 9007199254740993"';
const FORM = { type: 'object', properties: {} };
const QUESTION = { method: 'elicitation/create', params: { message: 'Who?', requestedSchema: FORM } };

let upstream: FastUpstream;
let gateway: TestGateway;
let url: string;
/** What the upstream answers as long as a call has no answers. */
let asks: string;

const received = (): RpcMessage['params'][] =>
  upstream.log.filter(({ message }) => message.method === 'tools/call').map(({ message }) => message.params);

beforeAll(async () => {
  upstream = await startToolUpstream('one', ['ask', 'other'], { eras: ['modern'] });
  upstream.behave(({ message, response }) => {
    const isAnswered = message.params?.inputResponses !== undefined;
    const result = isAnswered
      ? '{"resultType":"complete","content":[{"type":"text","text":"done"}]}'
      : `{"resultType":"input_required", "x": 1.0, ${asks}}`;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`{"jsonrpc":"2.0","id":${message.id},"result":${result}}`);
  });
  gateway = await startTestGateway(configuration({ one: upstream.url }));
  url = gateway.url();
});
beforeEach(() => {
  asks = `"inputRequests": {"who": ${JSON.stringify(QUESTION)}}, "requestState": ${STATE_TEXT}`;
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

describe('input that a modern upstream asks for', () => {
  it('is asked for as it came, but for the state, which the upstream gets back as it gave it', async () => {
    const answered = await ableCall(url, 'ask', { a: 1 });
    const asked = askedBy(answered);
    const sealed = JSON.stringify(asked.requestState);
    expect(answered.text).toBe(
      `{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required", "x": 1.0, ${asks.replace(STATE_TEXT, sealed)}}}`,
    );
    const { body } = await retryCall(url, 'ask', { a: 1 }, asked, answersTo(asked, named('Ada')));
    expect(body.result.content[0].text).toBe('done');
    expect(received().at(-1)).toMatchObject({
      name: 'ask',
      arguments: { a: 1 },
      requestState: JSON.parse(STATE_TEXT),
      inputResponses: { who: named('Ada') },
    });
  });

  it('has no state where the upstream gave none', async () => {
    asks = `"inputRequests": {"who": ${JSON.stringify(QUESTION)}}`;
    const asked = askedBy(await ableCall(url, 'ask'));
    expect(asked).not.toHaveProperty('requestState');
    const retry = { name: 'ask', arguments: {}, inputResponses: answersTo(asked, named('Ada')) };
    const { body } = await ableRequest(url, 'tools/call', retry);
    expect(body.result.content[0].text).toBe('done');
    expect(received().at(-1)).not.toHaveProperty('requestState');
    expect(received().at(-1)).toHaveProperty('inputResponses');
  });

  it('may be a state alone, which is taken back as often as it is shown', async () => {
    asks = `"requestState": ${STATE_TEXT}`;
    const first = askedBy(await ableCall(url, 'ask'));
    for (const _again of [1, 2]) {
      await retryCall(url, 'ask', {}, first, {});
      expect(received().at(-1)).toHaveProperty('requestState', JSON.parse(STATE_TEXT));
    }
  });

  it('is refused with a state that was changed, or given for something else, before the upstream sees it', async () => {
    const asked = askedBy(await ableCall(url, 'ask', { a: 1 }));
    const { requestState } = asked;
    const known = received().length;
    const refused = [
      await retryCall(url, 'ask', { a: 2 }, asked, {}),
      await retryCall(url, 'other', { a: 1 }, asked, {}),
      await retryCall(url, 'ask', { a: 1 }, { requestState: `${requestState.slice(0, -1)}!` }, {}),
      await retryCall(url, 'ask', { a: 1 }, { requestState: JSON.parse(STATE_TEXT) }, {}),
      await retryCall(url, 'ask', { a: 1 }, { requestState: '' }, {}),
    ];
    for (const { body } of refused)
      expect(body.error).toMatchObject({ code: -32602, data: { code: 'state_refused' } });
    expect(received()).toHaveLength(known);
  });

  it.each([
    ['what the client did not declare', {}],
    ['a mode that it did not declare', { elicitation: { url: {} } }],
  ])('is not asked for if it is %s', async (_what, capabilities) => {
    const { body } = await callTool(url, 'ask', {}, { capabilities });
    expect(body.error.data.code).toBe('upstream_protocol');
  });

  it('survives a reload, and that of its upstream too', async () => {
    const yaml = configuration({ one: upstream.url });
    await using own = await startTestGateway(yaml);
    const asked = askedBy(await ableCall(own.url(), 'ask'));
    await own.load(configuration({ one: upstream.url }, { upstream: { timeouts: { call: '59s' } } }));
    const { body } = await retryCall(own.url(), 'ask', {}, asked, answersTo(asked, named('Ada')));
    expect(body.result.content[0].text).toBe('done');
    expect(received().at(-1)).toHaveProperty('requestState', JSON.parse(STATE_TEXT));
  });

  it('says whose question it is where there are several upstreams, and goes back to the one that asked', async () => {
    const second = await startToolUpstream('two', ['ask'], { eras: ['modern'] });
    second.behave(({ message, response }) => {
      const inputRequests = { other: QUESTION, roots: { method: 'roots/list' } };
      const result = { resultType: 'input_required', inputRequests, requestState: 'of two' };
      json(response, { jsonrpc: '2.0', id: message.id, result });
    });
    const expose = [{ upstream: 'one' }, { upstream: 'two', prefix: 'two_' }];
    await using both = await startTestGateway(
      configuration({ one: upstream.url, two: second.url }, { expose }),
    );
    const asked = askedBy(await ableCall(both.url(), 'two_ask'));
    expect(keysOf(asked)).toEqual(['other', 'roots']);
    expect(messagesOf(asked)).toEqual(['[two] Who?', '']);
    const own = askedBy(await ableCall(both.url(), 'ask'));
    expect(messagesOf(own)).toEqual(['[one] Who?']);
    await retryCall(both.url(), 'two_ask', {}, asked, answersTo(asked, named('Ada')));
    expect(second.log.at(-1)!.message.params).toMatchObject({ name: 'ask', requestState: 'of two' });
    const strayed = await retryCall(both.url(), 'ask', {}, asked, {});
    expect(strayed.body.error).toMatchObject({ code: -32602 });
    await second.close();
  });
});
