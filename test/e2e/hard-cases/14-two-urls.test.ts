import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ableCall, answersTo, askedBy, outcomeOf, retryCall } from '../../support/asking.ts';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { callTool } from '../../support/modern-client.ts';
import { type AskingUpstream, startAskingUpstream } from '../clients/upstreams/asking-http.ts';

const urls = ['https://one.example/link', 'https://two.example/link'];
const accepted = { action: 'accept' };

let upstream: AskingUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startAskingUpstream();
  gateway = await startTestGateway(configuration({ asking: upstream.url }));
});
beforeEach(() => {
  upstream.resetCounts();
  upstream.visited.clear();
});
afterAll(async () => {
  await gateway.close();
  await upstream[Symbol.asyncDispose]();
});

it('hard case 14: an upstream that refuses until two URLs were visited asks for both, then the call is sent anew', async () => {
  const asked = askedBy(await ableCall(gateway.url(), 'link', { urls }));
  expect(Object.values(asked.inputRequests)).toEqual(
    urls.map((url) => ({
      method: 'elicitation/create',
      params: { mode: 'url', url, message: `Go to ${url}` },
    })),
  );
  for (const url of urls) upstream.visited.add(url);
  const answered = await retryCall(gateway.url(), 'link', { urls }, asked, answersTo(asked, accepted));
  expect(outcomeOf(answered)).toBe('linked');
  expect(upstream.executed.get('link')).toBe(2);
});

it('hard case 14: only what is left is asked for in the next round', async () => {
  const first = askedBy(await ableCall(gateway.url(), 'link', { urls }));
  upstream.visited.add(urls[0]!);
  const second = askedBy(await retryCall(gateway.url(), 'link', { urls }, first, answersTo(first, accepted)));
  expect(Object.values(second.inputRequests)).toMatchObject([{ params: { url: urls[1] } }]);
  upstream.visited.add(urls[1]!);
  const answered = await retryCall(gateway.url(), 'link', { urls }, second, answersTo(second, accepted));
  expect(outcomeOf(answered)).toBe('linked');
});

it('hard case 14: a retry sends the call anew once, and not at all where the user declined', async () => {
  const asked = askedBy(await ableCall(gateway.url(), 'link', { urls }));
  const declined = await retryCall(
    gateway.url(),
    'link',
    { urls },
    asked,
    answersTo(asked, { action: 'decline' }),
  );
  expect(declined.body.error).toMatchObject({ code: -31001, data: { code: 'input_refused' } });
  const again = await retryCall(gateway.url(), 'link', { urls }, asked, answersTo(asked, accepted));
  expect(again.body.error).toMatchObject({ code: -32602, data: { code: 'state_refused' } });
  expect(upstream.executed.get('link')).toBe(1);
});

it.each([{}, { elicitation: {} }, { elicitation: { form: {} } }])(
  'hard case 14: a client that cannot be sent to URLs is told so, and never of -32042: %j',
  async (capabilities) => {
    const { body } = await callTool(gateway.url(), 'link', { urls }, { capabilities });
    expect(body.error).toMatchObject({ code: -31003, data: { code: 'not_supported' } });
    expect(JSON.stringify(body)).not.toContain('one.example');
  },
);
