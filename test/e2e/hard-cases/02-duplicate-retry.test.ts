import { expect, it } from 'vitest';
import { ableCall, answersTo, askedBy, named, outcomeOf, retryCall } from '../../support/asking.ts';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { startAskingUpstream } from '../clients/upstreams/asking-http.ts';

it('hard case 2: of retries with one request state that come at once, one goes on and the others are refused', async () => {
  await using upstream = await startAskingUpstream();
  await using gateway = await startTestGateway(configuration({ asking: upstream.url }));
  const asked = askedBy(await ableCall(gateway.url(), 'order', { item: 'tea' }));
  const retries = await Promise.all(
    Array.from({ length: 8 }, (_, id) =>
      retryCall(gateway.url(), 'order', { item: 'tea' }, asked, answersTo(asked, named(`${id}`)), { id }),
    ),
  );
  const [won, ...others] = retries.filter(({ body }) => body.result !== undefined);
  expect(others).toEqual([]);
  expect(outcomeOf(won!)).toEqual(named(String(won!.body.id)));
  const refused = retries.filter((each) => each !== won);
  expect(refused.map(({ body }) => body.error.code)).toEqual(Array(7).fill(-32602));
  expect(upstream.executed.get('order')).toBe(1);
});
