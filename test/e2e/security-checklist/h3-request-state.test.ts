import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Sealer } from '../../../runtime/sealing/sealer.ts';
import {
  type Asked,
  ableCall,
  ableRequest,
  answersTo,
  askedBy,
  named,
  outcomeOf,
  retryCall,
} from '../../support/asking.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { type KeyedCallers, keyedCallers } from '../../support/keyed-callers.ts';
import type { ModernAnswer } from '../../support/modern-client.ts';
import { type AskingUpstream, startAskingUpstream } from '../clients/upstreams/asking-http.ts';

const KEY = 'request-state-test-'.repeat(3);
const BOUND = ['robots:alice', 'main', 'tools/call'];
const PLAIN = JSON.stringify({
  state: { kind: 'url', upstream: 'asking', rounds: 1, nonce: 'n' },
  digest: '',
  expiresMs: 9e15,
});
const ARGS = { item: 'tea', n: 1 };

let upstream: AskingUpstream;
let callers: KeyedCallers;
let gateway: TestGateway;
let url: string;

beforeAll(async () => {
  upstream = await startAskingUpstream();
  callers = keyedCallers(
    ['alice', 'mallory'],
    { asking: upstream.url },
    { sealing: { keys: ['${env:SEAL}'] } },
  );
  gateway = await startTestGateway(callers.yaml, { files: callers.files, env: { SEAL: KEY } });
  url = gateway.url('main');
});
beforeEach(() => upstream.resetCounts());
afterAll(async () => {
  await gateway.close();
  await upstream[Symbol.asyncDispose]();
});

const alice = () => ({ token: callers.tokens.alice! });
const mallory = () => ({ token: callers.tokens.mallory! });

const ask = async (): Promise<Asked> => askedBy(await ableCall(url, 'order', ARGS, alice()));

const expectRefused = ({ body }: ModernAnswer): void =>
  expect(body.error).toMatchObject({ code: -32602, data: { code: 'state_refused' } });

/** The state must still be good for the one whose it is, and the call must have been made once. */
const expectUntouched = async (asked: Asked): Promise<void> => {
  const answered = await retryCall(url, 'order', ARGS, asked, answersTo(asked, named('Ada')), alice());
  expect(outcomeOf(answered)).toEqual(named('Ada'));
  expect(upstream.executed).toEqual(new Map([['order', 1]]));
};

describe('H3: request state', () => {
  it('H3: request state that was changed in any place is refused', async () => {
    const asked = await ask();
    const { requestState } = asked;
    const changed = [...requestState].map((each, at) => {
      const other = each === 'A' ? 'B' : 'A';
      return requestState.slice(0, at) + other + requestState.slice(at + 1);
    });
    const some = changed.filter((_, at) => at % 7 === 0 || at > changed.length - 4);
    for (const forged of [...some, requestState.slice(0, -1), `${requestState}A`, `${requestState}=`, ''])
      expectRefused(
        await retryCall(
          url,
          'order',
          ARGS,
          { requestState: forged },
          answersTo(asked, named('Eve')),
          alice(),
        ),
      );
    await expectUntouched(asked);
  });

  it.each([
    ['no text', 1],
    ['an object', { kind: 'parked' }],
    ['null', null],
    ['plain', PLAIN],
    ['sealed by others', new Sealer().seal('request-state', BOUND, PLAIN)],
    ['sealed for something else', new Sealer([KEY]).seal('session', BOUND, PLAIN)],
  ])('H3: request state that the gateway did not give is refused: %s', async (_what, requestState) => {
    const params = { name: 'order', arguments: ARGS, inputResponses: {}, requestState };
    expectRefused(await ableRequest(url, 'tools/call', params, alice()));
    expect(upstream.executed.size).toBe(0);
  });

  it('H3: request state is good for its principal only', async () => {
    const asked = await ask();
    expectRefused(await retryCall(url, 'order', ARGS, asked, answersTo(asked, named('Eve')), mallory()));
    await expectUntouched(asked);
  });

  it('H3: request state is good for its server only', async () => {
    const asked = await ask();
    expectRefused(
      await retryCall(gateway.url('other'), 'order', ARGS, asked, answersTo(asked, named('Eve')), alice()),
    );
    await expectUntouched(asked);
  });

  it.each([
    ['other arguments', { name: 'order', arguments: { item: 'gold' } }],
    ['no arguments', { name: 'order' }],
    ['more arguments', { name: 'order', arguments: { ...ARGS, more: true } }],
    ['more parameters', { name: 'order', arguments: ARGS, more: true }],
    ['another tool', { name: 'rounds', arguments: ARGS }],
  ])('H3: request state is good for its parameters only: %s', async (_what, params) => {
    const asked = await ask();
    const retry = {
      ...params,
      requestState: asked.requestState,
      inputResponses: answersTo(asked, named('Eve')),
    };
    expectRefused(await ableRequest(url, 'tools/call', retry, alice()));
    await expectUntouched(asked);
  });

  it('H3: request state is good for its method only', async () => {
    const asked = await ask();
    const retry = { name: 'greet', requestState: asked.requestState, inputResponses: {} };
    expectRefused(await ableRequest(url, 'prompts/get', retry, alice()));
    await expectUntouched(asked);
  });

  it('H3: answers without a request state are refused, and nothing is executed', async () => {
    const params = { name: 'order', arguments: ARGS, inputResponses: { 'asking-1': named('Eve') } };
    expectRefused(await ableRequest(url, 'tools/call', params, alice()));
    expect(upstream.executed.size).toBe(0);
  });

  it('H3: request state is good once', async () => {
    const asked = await ask();
    await expectUntouched(asked);
    expectRefused(await retryCall(url, 'order', ARGS, asked, answersTo(asked, named('Ada')), alice()));
    expect(upstream.executed).toEqual(new Map([['order', 1]]));
  });

  it('H3: request state expires, and the call is taken back', async () => {
    const sessions = { parked: { idle: '50ms' } };
    const brief = keyedCallers(['alice'], { asking: upstream.url }, { sessions });
    await using soon = await startTestGateway(brief.yaml, { files: brief.files });
    const own = { token: brief.tokens.alice! };
    const cancelled = new Promise((done) => upstream.events.once('cancelled', done));
    const asked = askedBy(await ableCall(soon.url('main'), 'order', ARGS, own));
    await cancelled;
    expectRefused(
      await retryCall(soon.url('main'), 'order', ARGS, asked, answersTo(asked, named('Ada')), own),
    );
    expect(upstream.executed.get('order')).toBe(1);
  });

  it('H3: request state says nothing to its holder', async () => {
    const { requestState } = await ask();
    const bytes = Buffer.from(requestState, 'base64url').toString('latin1');
    for (const inside of ['parked', 'order', 'asking', 'digest', 'owner'])
      expect(bytes).not.toContain(inside);
  });
});
