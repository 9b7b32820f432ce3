import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Everything } from '../../support/everything/server.ts';
import type { TestGateway } from '../../support/gateway.ts';
import { type BesideEverything, startBesideEverything } from './beside-everything.ts';
import { PEERS } from './peers.ts';
import { TOOLS_CHANGED, updatesWhileSubscribed, WATCHED } from './told-updates.ts';
import { type ModernUpstream, startModernUpstream } from './upstreams/modern-http.ts';

const MODERN = PEERS.filter(({ era }) => era === 'modern');

let started: BesideEverything<ModernUpstream>;
let everything: Everything;
let modern: ModernUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  started = await startBesideEverything(startModernUpstream, 'm_');
  ({ everything, other: modern, gateway } = started);
});
afterAll(() => started[Symbol.asyncDispose]());

describe.each(MODERN)('$name without a session', ({ open }) => {
  it('opens none, here or upstream', async () => {
    const opened = everything.stats.sessionsOpened;
    await using peer = await open(gateway.url());
    await peer.call('test_simple_text');
    expect(everything.stats.sessionsOpened).toBe(opened);
  });

  it('gives what a call needs, in one round or several', async () => {
    await using peer = await open(gateway.url(), {
      elicit: (message) => ({ name: `asked "${message}"`, color: 'blue', ok: true, context: 'c' }),
      sample: () => 'Paris',
      roots: ['file:///projects'],
    });
    expect((await peer.call('test_input_required_result_elicitation')).text).toContain(
      'asked "[everything] What is',
    );
    expect((await peer.call('test_input_required_result_sampling')).text).toContain('Paris');
    expect((await peer.call('test_input_required_result_list_roots')).text).toBe('file:///projects');
    expect((await peer.call('test_input_required_result_multi_round')).text).toBe('Your colour is blue.');
    expect((await peer.call('test_input_required_result_request_state')).text).toBe('state-ok');
    expect((await peer.call('test_input_required_result_multiple_inputs')).text).toContain('1 root(s)');
    expect(await peer.prompt('test_input_required_result_prompt')).toContain('Context:');
  });

  it('is refused a call that needs what it did not declare', async () => {
    await using peer = await open(gateway.url());
    await expect(peer.call('test_missing_capability')).rejects.toMatchObject({ code: -32021 });
  });

  it('is told of changed lists on a stream of its own, and the lists are the new ones', async () => {
    await using peer = await open(gateway.url());
    const before = (await peer.tools()).includes('test_dynamic_tool');
    await peer.watchLists();
    await peer.call('test_trigger_tool_change');
    await peer.hears(TOOLS_CHANGED);
    expect((await peer.tools()).includes('test_dynamic_tool')).toBe(!before);
    await peer.call('test_trigger_prompt_change');
    await peer.hears('notifications/prompts/list_changed');
  });

  it('is told of updates of what it subscribed to, until it does no more', async () => {
    await using peer = await open(gateway.url());
    await using other = await open(gateway.url());
    expect(await updatesWhileSubscribed(peer, other)).toEqual([WATCHED]);
  });

  it('takes a call back by closing its stream, and the upstream learns of it', async () => {
    await using peer = await open(gateway.url());
    const begun = once(modern.events, 'waiting');
    const cancelled = once(modern.events, 'cancelled');
    const aborting = new AbortController();
    const answered = peer.call('m_wait', {}, { signal: aborting.signal });
    await begun;
    aborting.abort('no longer needed');
    await expect(answered).rejects.toThrow();
    await cancelled;
    expect((await peer.call('m_echo', { text: 'still here' })).text).toBe('still here');
  });

  it('mirrors arguments in headers, which reach the upstream', async () => {
    await using peer = await open(gateway.url());
    await peer.tools();
    const { text } = await peer.call('test_custom_header', { region: 'eu west ✓', priority: 3 });
    expect(text).toContain('eu west ✓');
  });
});
