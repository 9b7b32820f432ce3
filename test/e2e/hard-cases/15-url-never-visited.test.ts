import { expect, it } from 'vitest';
import { ableCall, answersTo, askedBy, retryCall } from '../../support/asking.ts';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { startAskingUpstream } from '../clients/upstreams/asking-http.ts';

it('hard case 15: a URL that is accepted but never visited ends in a clear error after eight rounds', async () => {
  await using upstream = await startAskingUpstream();
  await using gateway = await startTestGateway(configuration({ asking: upstream.url }));
  const args = { urls: ['https://never.example/visited'] };
  let answered = await ableCall(gateway.url(), 'link', args);
  let rounds = 0;
  for (; answered.body.result?.resultType === 'input_required' && rounds < 20; rounds += 1) {
    const asked = askedBy(answered);
    answered = await retryCall(gateway.url(), 'link', args, asked, answersTo(asked, { action: 'accept' }));
  }
  expect(rounds).toBe(8);
  expect(answered.body.error).toMatchObject({
    code: -31001,
    message: 'the upstream still asks for a URL to be visited after 8 rounds',
    data: { code: 'input_refused' },
  });
  expect(upstream.executed.get('link')).toBe(9);
});
