import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { json } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { SLOW_START } from '../../support/slow-start.ts';
import { recordStdio, type StdioRecord } from '../../support/stdio-record.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';
import { tapUpstream, type UpstreamTap } from '../../support/wire-tap.ts';
import type { Peer } from './peer.ts';
import { PEERS } from './peers.ts';
import { type LegacyUpstream, startLegacyUpstream } from './upstreams/legacy-http.ts';
import { type ModernUpstream, startModernUpstream } from './upstreams/modern-http.ts';

const LEGACY_STDIO = fileURLToPath(import.meta.resolve('./upstreams/legacy-stdio.ts'));
const LEGACY = PEERS.filter(({ era }) => era === 'legacy');
const MODERN = PEERS.filter(({ era }) => era === 'modern');
const ABLE = {
  elicit: () => ({ name: 'Ada' }),
  sample: () => 'Something',
  roots: ['file:///work'],
};

/** What comes of each question, as the upstream gets it. */
const ANSWERS = {
  'sampling/createMessage': {
    model: 'test-model',
    role: 'assistant',
    content: { type: 'text', text: 'Something' },
  },
  'elicitation/create': { action: 'accept', content: { name: 'Ada' } },
  'roots/list': { roots: [{ uri: 'file:///work' }] },
};

let legacy: LegacyUpstream;
let modern: ModernUpstream;
let taps: UpstreamTap[];
let stdio: StdioRecord;
let gateway: TestGateway;

beforeAll(async () => {
  legacy = await startLegacyUpstream();
  modern = await startModernUpstream();
  taps = await Promise.all([tapUpstream(legacy.url), tapUpstream(modern.url)]);
  stdio = await recordStdio();
  const at = (path: string) => [{ listener: 'main', path }];
  const server = (upstream: string) => ({ at: at(`/${upstream}`), anonymous: true, expose: [{ upstream }] });
  const http = (url: string) => ({ type: 'http', endpoints: [url] });
  gateway = await startTestGateway(
    configuration(
      {},
      {
        servers: {
          legacy: server('legacy'),
          stdio: server('stdio'),
          own: server('own'),
          modern: server('modern'),
        },
        upstreams: {
          legacy: http(taps[0]!.url),
          modern: http(taps[1]!.url),
          stdio: { type: 'stdio', ...SLOW_START, command: stdio.command(process.execPath, LEGACY_STDIO) },
          own: {
            type: 'stdio',
            ...SLOW_START,
            command: [process.execPath, LEGACY_STDIO],
            isolation: 'per-principal',
          },
        },
      },
    ),
  );
});
afterAll(async () => {
  await gateway.close();
  for (const tap of taps) await tap.close();
  await stdio.close();
  await legacy[Symbol.asyncDispose]();
  await modern[Symbol.asyncDispose]();
});

const servesThePlainPart = (peer: () => Peer) => {
  it('lists and calls tools', async () => {
    expect(await peer().tools()).toContain('echo');
    expect((await peer().call('echo', { text: 'across' })).text).toBe('across');
    await expect(peer().call('none')).rejects.toMatchObject({ code: -32602 });
  });

  it('lists and reads resources, and gets prompts', async () => {
    expect(await peer().resources()).toEqual(['note://one']);
    expect(await peer().read('note://one')).toBe('A note.');
    expect(await peer().prompts()).toEqual(['greet']);
    expect(await peer().prompt('greet', { name: 'Ada' })).toBe('Greet Ada');
  });
};

describe.each(MODERN)('$name before a legacy upstream', ({ open }) => {
  describe.each(['legacy', 'stdio'])('(%s)', (server) => {
    let peer: Peer;
    beforeAll(async () => {
      peer = await open(gateway.url(server), ABLE);
    });
    afterAll(() => peer.close());

    servesThePlainPart(() => peer);

    it.each(Object.entries(ANSWERS))(
      'is asked for %s as far as it can be told apart',
      async (method, answer) => {
        const refused = { refused: -32601 };
        const outcome = JSON.parse((await peer.call('ask', { method })).text);
        expect(outcome).toEqual(server === 'stdio' ? refused : answer);
      },
    );

    it('hears progress, and takes a call back', async () => {
      const aborting = new AbortController();
      const { promise: begun, resolve: begins } = Promise.withResolvers<number>();
      const answered = peer.call('wait', {}, { onProgress: begins, signal: aborting.signal });
      expect(await begun).toBe(1);
      const cancelled = server === 'legacy' ? once(legacy.events, 'cancelled') : undefined;
      aborting.abort('no longer needed');
      await expect(answered).rejects.toThrow();
      await cancelled;
      await expect
        .poll(() => (server === 'stdio' ? stdio.read().messages : taps[0]!.messages))
        .toContainEqual(
          expect.objectContaining({
            from: 'client',
            message: expect.objectContaining({ method: 'notifications/cancelled' }),
          }),
        );
      legacy.events.emit('released');
      expect((await peer.call('echo', { text: 'still here' })).text).toBe('still here');
    });
  });
});

describe.each(MODERN)('$name before a process of its own', ({ open }) => {
  let peer: Peer;
  beforeAll(async () => {
    peer = await open(gateway.url('own'), ABLE);
  });
  afterAll(() => peer.close());

  it.each(Object.entries(ANSWERS))('is asked for %s', async (method, answer) => {
    expect(JSON.parse((await peer.call('ask', { method })).text)).toEqual(answer);
  });

  it('is not asked for what it did not declare', async () => {
    await using plain = await open(gateway.url('own'));
    for (const method of Object.keys(ANSWERS))
      expect(JSON.parse((await plain.call('ask', { method })).text)).toEqual({ refused: -32601 });
  });
});

describe.each(MODERN)('$name and the log of a legacy upstream', ({ open }) => {
  it.each(['legacy', 'own'])('comes as far as the call asked for it (%s)', async (server) => {
    await using peer = await open(gateway.url(server));
    await peer.call('log');
    await peer.call('log', {}, { logLevel: 'info' });
    await peer.hears('notifications/message');
    expect(peer.heard.map(({ params }) => params.level)).toEqual(['warning']);
  });
});

describe.each(LEGACY)('$name before a process that it shares', ({ open }) => {
  let peer: Peer;
  beforeAll(async () => {
    peer = await open(gateway.url('stdio'), ABLE);
  });
  afterAll(() => peer.close());

  servesThePlainPart(() => peer);

  it('is not asked: nobody could tell whom the question is for', async () => {
    expect(JSON.parse((await peer.call('ask', { method: 'elicitation/create' })).text)).toEqual({
      refused: -32601,
    });
  });

  it('hears progress, and takes a call back without disturbing those of others', async () => {
    await using other = await open(gateway.url('stdio'));
    const aborting = new AbortController();
    const { promise: begun, resolve: begins } = Promise.withResolvers<number>();
    const answered = peer.call('wait', {}, { onProgress: begins, signal: aborting.signal });
    await begun;
    expect((await other.call('echo', { text: 'meanwhile' })).text).toBe('meanwhile');
    aborting.abort('no longer needed');
    await expect(answered).rejects.toThrow();
    expect((await peer.call('echo', { text: 'still here' })).text).toBe('still here');
  });
});

describe.each(LEGACY)('$name before a modern upstream', ({ open }) => {
  let peer: Peer;
  beforeAll(async () => {
    peer = await open(gateway.url('modern'), ABLE);
  });
  afterAll(() => peer.close());

  servesThePlainPart(() => peer);

  it('completes arguments', async () => {
    expect(await peer.completePrompt('greet', 'name', 'A')).toEqual(['Ada', 'Alan']);
  });

  it('hears progress, and log messages of the level that it set', async () => {
    await peer.setLogLevel('info');
    const steps: number[] = [];
    await peer.call('steps', {}, { onProgress: (progress) => steps.push(progress) });
    expect(steps).toEqual([1, 2]);
    await peer.hears('notifications/message');
    expect(peer.heard.at(-1)?.params.data).toBe('Two steps taken');
  });

  it('is asked what the upstream wants to know before it answers', async () => {
    expect((await peer.call('ask')).text).toBe('Hello, Ada');
  });

  it('is told that the upstream needs what it did not offer, and can go on', async () => {
    await using unable = await open(gateway.url('modern'));
    await expect(unable.call('ask')).rejects.toMatchObject({ code: -32021 });
    expect((await unable.call('echo', { text: 'still here' })).text).toBe('still here');
  });

  it('gets a clear failure from an upstream that asks for what was not offered', async () => {
    const rude = await startToolUpstream('rude', ['ask'], { eras: ['modern'] });
    rude.behave(({ message, response }) => {
      const inputRequests = { roots: { method: 'roots/list' } };
      json(response, {
        jsonrpc: '2.0',
        id: message.id,
        result: { resultType: 'input_required', inputRequests },
      });
    });
    await using before = await startTestGateway(configuration({ rude: rude.url }));
    await using caller = await open(before.url());
    const { isError, text } = await caller.call('ask');
    expect({ isError, text }).toEqual({
      isError: true,
      text: expect.stringContaining('does not offer roots'),
    });
    await caller.ping();
    await rude.close();
  });

  it('gets structured content that is no object as the member of one, as the list says', async () => {
    expect(await peer.tools()).toContain('number');
    const { text, result } = await peer.call('number');
    expect(text).toBe('7');
    expect(result.structuredContent).toEqual({ result: 7 });
  });

  it('takes a call back, and the upstream learns of it', async () => {
    const begun = once(modern.events, 'waiting');
    const cancelled = once(modern.events, 'cancelled');
    const aborting = new AbortController();
    const answered = peer.call('wait', {}, { signal: aborting.signal });
    await begun;
    aborting.abort('no longer needed');
    await expect(answered).rejects.toThrow();
    await cancelled;
  });

  it('is answered a ping', async () => {
    await peer.ping();
  });
});
