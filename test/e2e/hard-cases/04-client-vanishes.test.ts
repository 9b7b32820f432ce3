import { once } from 'node:events';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ABLE, ableCall, answersTo, askedBy, named, retryCall } from '../../support/asking.ts';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { tapUpstream, type UpstreamTap } from '../../support/wire-tap.ts';
import { type AskingUpstream, startAskingUpstream } from '../clients/upstreams/asking-http.ts';

let upstream: AskingUpstream;
let tap: UpstreamTap;
beforeAll(async () => {
  upstream = await startAskingUpstream();
  tap = await tapUpstream(upstream.url);
});
afterAll(async () => {
  await tap.close();
  await upstream[Symbol.asyncDispose]();
});

it('hard case 4: a call whose client vanishes while it is parked is taken back upstream once, and cannot be taken up', async () => {
  const sessions = { parked: { idle: '400ms' } };
  await using gateway = await startTestGateway(configuration({ asking: tap.url }, { sessions }));
  const cancelled = once(upstream.events, 'cancelled');
  const asked = askedBy(await ableCall(gateway.url(), 'order', { item: 'tea' }));
  await cancelled;
  const late = await retryCall(
    gateway.url(),
    'order',
    { item: 'tea' },
    asked,
    answersTo(asked, named('Ada')),
  );
  expect(late.body.error).toMatchObject({ code: -32602, data: { code: 'state_refused' } });
  expect(tap.messages.filter(isCancelled)).toHaveLength(1);
  expect(upstream.executed.get('order')).toBe(1);
});

it('hard case 4: a call whose client vanishes while a retry runs is taken back at once', async () => {
  await using gateway = await startTestGateway(configuration({ asking: tap.url }));
  const asked = askedBy(await ableCall(gateway.url(), 'later'));
  const cancelled = once(upstream.events, 'cancelled');
  const params = {
    name: 'later',
    arguments: {},
    inputResponses: answersTo(asked, named('Ada')),
    requestState: asked.requestState,
  };
  const aborting = new AbortController();
  const running = request(gateway.url(), {
    method: 'POST',
    headers: modernHeaders('tools/call', params, {}),
    body: modernBody('tools/call', params, { capabilities: ABLE }),
    signal: aborting.signal,
  });
  await expect.poll(() => tap.messages.some(isAnswer)).toBe(true);
  aborting.abort();
  await expect(running).rejects.toThrow();
  await cancelled;
});

type Tapped = UpstreamTap['messages'][number];

// biome-ignore lint/suspicious/noExplicitAny: whatever the gateway sent
const sent = ({ from, message }: Tapped): any => (from === 'client' ? message : {});
const isCancelled = (each: Tapped) => sent(each).method === 'notifications/cancelled';
const isAnswer = (each: Tapped) => sent(each).result?.action === 'accept';
