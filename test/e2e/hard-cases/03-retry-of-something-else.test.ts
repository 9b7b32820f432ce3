import { expect, it } from 'vitest';
import { ableCall, answersTo, askedBy, named, outcomeOf, retryCall } from '../../support/asking.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { keyedCallers } from '../../support/keyed-callers.ts';
import { startAskingUpstream } from '../clients/upstreams/asking-http.ts';

it('hard case 3: a retry with other arguments, or by another principal, is refused and does no harm', async () => {
  await using upstream = await startAskingUpstream();
  const { yaml, files, tokens } = keyedCallers(['alice', 'mallory'], { asking: upstream.url });
  await using gateway = await startTestGateway(yaml, { files });
  const url = gateway.url('main');
  const [alice, mallory] = [{ token: tokens.alice! }, { token: tokens.mallory! }];
  const asked = askedBy(await ableCall(url, 'order', { item: 'tea' }, alice));
  const retry = (item: string, who: { token: string }) =>
    retryCall(url, 'order', { item }, asked, answersTo(asked, named('Ada')), who);
  for (const refused of [
    await retry('gold', alice),
    await retry('tea', mallory),
    await retry('gold', mallory),
  ])
    expect(refused.body.error).toMatchObject({ code: -32602, data: { code: 'state_refused' } });
  expect(outcomeOf(await retry('tea', alice))).toEqual(named('Ada'));
  expect(upstream.executed.get('order')).toBe(1);
});
