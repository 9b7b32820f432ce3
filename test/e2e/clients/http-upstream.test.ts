import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { type Everything, startEverything } from '../../support/everything/server.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { tapUpstream, type UpstreamTap } from '../../support/wire-tap.ts';
import type { Peer } from './peer.ts';
import { PEERS } from './peers.ts';

let everything: Everything;
let upstream: UpstreamTap;
let gateway: TestGateway;

beforeAll(async () => {
  everything = await startEverything();
  upstream = await tapUpstream(everything.url);
  gateway = await startTestGateway(configuration({ everything: upstream.url }));
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
  await everything.close();
});

describe.each(PEERS)('$name before an upstream over HTTP', ({ era, open }) => {
  let peer: Peer;
  beforeAll(async () => {
    peer = await open(gateway.url());
  });
  afterAll(() => peer.close());

  it('speaks the era that it wants', () => {
    expect(peer.era).toBe(era);
    expect(Object.keys(peer.capabilities).sort()).toEqual([
      'completions',
      ...(era === 'modern' ? ['extensions'] : []),
      'logging',
      'prompts',
      'resources',
      'tools',
    ]);
  });

  it('lists tools and calls them', async () => {
    expect(await peer.tools()).toContain('test_simple_text');
    const answer = await peer.call('test_simple_text');
    expect(answer).toMatchObject({ text: 'This is a simple text response for testing.', isError: false });
    const failed = await peer.call('test_error_handling');
    expect(failed.isError).toBe(true);
  });

  it('gets every kind of content whole', async () => {
    const { result } = await peer.call('test_multiple_content_types');
    expect(result.content.map(({ type }: { type: string }) => type)).toEqual(['text', 'image', 'resource']);
    expect((await peer.call('test_audio_content')).result.content[0]).toMatchObject({ type: 'audio' });
  });

  it('is told of a tool that there is not', async () => {
    await expect(peer.call('no_such_tool')).rejects.toMatchObject({ code: -32602 });
  });

  it('lists and reads resources', async () => {
    expect(await peer.resources()).toEqual(
      expect.arrayContaining(['test://static-text', 'test://static-binary', 'test://watched-resource']),
    );
    expect(await peer.templates()).toEqual(['test://template/{id}/data']);
    expect(await peer.read('test://static-text')).toBe('This is the content of the static text resource.');
    expect(JSON.parse(await peer.read('test://template/7/data'))).toMatchObject({ id: '7' });
    await expect(peer.read('test://none')).rejects.toMatchObject({ code: -32602 });
  });

  it('lists and gets prompts, and completes their arguments', async () => {
    expect(await peer.prompts()).toContain('test_prompt_with_arguments');
    expect(await peer.prompt('test_prompt_with_arguments', { arg1: 'a', arg2: 'b' })).toContain("arg1='a'");
    expect(await peer.completePrompt('test_prompt_with_arguments', 'arg1', 'par')).toEqual([
      'paris',
      'park',
      'party',
    ]);
  });

  it('hears the progress of its own calls only', async () => {
    const steps: number[][] = [[], []];
    await Promise.all([
      peer.call('test_tool_with_progress', {}, { onProgress: (progress) => steps[0]!.push(progress) }),
      peer.call('test_tool_with_progress', {}, { onProgress: (progress) => steps[1]!.push(progress) }),
      peer.call('test_simple_text'),
    ]);
    expect(steps).toEqual([
      [0, 50, 100],
      [0, 50, 100],
    ]);
  });
});

describe.each(PEERS)('$name and log messages', ({ era, open }) => {
  it('come as far as they were asked for', async () => {
    await using peer = await open(gateway.url());
    if (era === 'legacy') {
      await peer.setLogLevel('error');
      await peer.call('test_tool_with_logging');
      await peer.setLogLevel('info');
    } else {
      await peer.call('test_tool_with_logging');
      await peer.call('test_tool_with_logging', {}, { logLevel: 'error' });
    }
    await peer.call('test_tool_with_logging', {}, { logLevel: 'info' });
    await peer.hears('notifications/message', 3);
    expect(peer.heard.map(({ params }) => params.data)).toEqual([
      'Tool execution started',
      'Tool processing data',
      'Tool execution completed',
    ]);
  });
});
