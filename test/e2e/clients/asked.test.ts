import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { type Everything, startEverything } from '../../support/everything/server.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { tapUpstream, type UpstreamTap } from '../../support/wire-tap.ts';
import type { Peer } from './peer.ts';
import { PEERS } from './peers.ts';

const LEGACY = PEERS.filter(({ era }) => era === 'legacy');
const ABLE = {
  elicit: (message: string) =>
    message.includes('color')
      ? { color: 'green' }
      : message.includes('confirm')
        ? { ok: true }
        : message.includes('context')
          ? { context: 'a test' }
          : { name: 'Ada' },
  sample: (text: string) => (text.includes('capital') ? 'Paris' : 'Hello'),
  roots: ['file:///home/ada'],
};

let everything: Everything;
let tap: UpstreamTap;
let gateway: TestGateway;

beforeAll(async () => {
  everything = await startEverything();
  tap = await tapUpstream(everything.url);
  const at = (path: string) => ({ at: [{ listener: 'main', path }], anonymous: true });
  const upstream = { type: 'http', endpoints: [tap.url], protocol: { era: 'modern' } };
  gateway = await startTestGateway(
    configuration(
      {},
      {
        servers: {
          one: { ...at('/one'), expose: [{ upstream: 'asks' }] },
          two: { ...at('/two'), expose: [{ upstream: 'asks' }, { upstream: 'other', prefix: 'other_' }] },
        },
        upstreams: { asks: upstream, other: upstream },
      },
    ),
  );
});
afterAll(async () => {
  await gateway.close();
  await tap.close();
  await everything.close();
});

const ASK = 'test_input_required_result';

describe.each(LEGACY)('$name before a modern upstream that asks first', ({ open }) => {
  let peer: Peer;
  beforeAll(async () => {
    peer = await open(gateway.url('one'), ABLE);
  });
  afterAll(() => peer.close());

  it.each([
    ['the user', 'elicitation', 'Hello, Ada!'],
    ['the model', 'sampling', '"text":"Paris"'],
    ['for roots', 'list_roots', 'file:///home/ada'],
    ['under a state of the upstream that must come back as it was', 'request_state', 'state-ok'],
    ['three things at once', 'multiple_inputs', 'Ada: '],
    ['one thing after the other', 'multi_round', 'Your colour is green.'],
  ])('is asked %s', async (_what, tool, said) => {
    const { text, isError } = await peer.call(`${ASK}_${tool}`);
    expect(text).toContain(said);
    expect(isError).toBe(false);
  });

  it('is asked before it gets a prompt', async () => {
    expect(await peer.prompt(`${ASK}_prompt`)).toBe('Context: a test');
  });

  it('is asked for nothing that it did not offer', async () => {
    await using modest = await open(gateway.url('one'), { sample: ABLE.sample });
    expect((await modest.call(`${ASK}_capabilities`)).text).toBe('Thank you.');
    await using able = await open(gateway.url('one'));
    expect((await able.call(`${ASK}_capabilities`)).text).toContain('declared nothing');
  });

  it('is told which of several upstreams asks', async () => {
    const asked: string[] = [];
    await using curious = await open(gateway.url('two'), {
      elicit: (message) => {
        asked.push(message);
        return { name: 'Ada' };
      },
    });
    await curious.call(`${ASK}_elicitation`);
    await curious.call(`other_${ASK}_elicitation`);
    expect(asked).toEqual(['[asks] What is your name?', '[other] What is your name?']);
  });

  it('makes each round with an id of its own and the keys of the upstream', async () => {
    const before = tap.messages.length;
    await peer.call(`${ASK}_multi_round`);
    const calls = tap.messages
      .slice(before)
      .filter(({ from, message }) => from === 'client' && message.method === 'tools/call')
      .map(({ message }) => message);
    expect(calls.map(({ params }) => Object.keys(params.inputResponses ?? {}))).toEqual([
      [],
      ['step1'],
      ['step2'],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(3);
  });
});
