import { expect, it } from 'vitest';
import { ableCall, answersTo, askedBy, named, outcomeOf, retryCall } from '../../support/asking.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { keyedCallers } from '../../support/keyed-callers.ts';
import { startAskingUpstream } from '../clients/upstreams/asking-http.ts';

it('hard case 1: a retry that comes to another process with the same keys is told to start over, and executes nothing', async () => {
  await using upstream = await startAskingUpstream();
  const sealing = { keys: ['${env:SEAL}'] };
  const callers = keyedCallers(['alice'], { asking: upstream.url }, { sealing });
  const { yaml, files } = callers;
  const env = { SEAL: 'shared by all processes '.repeat(2) };
  const options = { token: callers.tokens.alice! };
  await using owner = await startTestGateway(yaml, { files, env });
  await using other = await startTestGateway(yaml, { files, env });
  const args = { item: 'tea' };
  const asked = askedBy(await ableCall(owner.url('main'), 'order', args, options));
  const answers = answersTo(asked, named('Ada'));
  const strayed = await retryCall(other.url('main'), 'order', args, asked, answers, options);
  expect(strayed.body.error).toMatchObject({
    code: -32602,
    message: expect.stringContaining('send the request anew, without requestState'),
    data: { code: 'state_refused' },
  });
  expect(upstream.executed.get('order')).toBe(1);
  const answered = await retryCall(owner.url('main'), 'order', args, asked, answers, options);
  expect(outcomeOf(answered)).toEqual(named('Ada'));
  expect(upstream.executed.get('order')).toBe(1);
});
