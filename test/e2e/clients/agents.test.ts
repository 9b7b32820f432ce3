import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from './agents/agent.ts';
import { AGENTS } from './agents/agents.ts';
import { type BothEras, startBothEras } from './both-eras.ts';

const TIMEOUT_MS = 180_000;

const ENTITIES = { entities: [{ name: 'Ada', entityType: 'person', observations: ['wrote notes'] }] };

let both: BothEras;
beforeAll(async () => {
  both = await startBothEras();
});
afterAll(() => both?.[Symbol.asyncDispose]());

describe.each(AGENTS)('$name', { timeout: TIMEOUT_MS }, ({ revision, open }) => {
  describe.each(['legacy', 'modern'] as const)('before an upstream that is %s only', (era) => {
    let agent: Agent;
    beforeAll(async () => {
      agent = await open(both.url(era));
    }, TIMEOUT_MS);
    afterAll(() => agent[Symbol.asyncDispose]());

    it('lists tools and calls one', async () => {
      const before = both.gateway.messages.length;
      expect(await agent.tools()).toEqual(expect.arrayContaining(['echo', 'ask', 'wait']));
      expect(await agent.call('echo', { text: 'über ✓' })).toBe('über ✓');
      const said = both.gateway.messages.slice(before);
      expect([...new Set(said.map((message) => message.revision))]).toEqual([revision]);
    });

    it('lists resources and reads one', async () => {
      expect(await agent.resources()).toEqual(['note://one']);
      expect(await agent.read('note://one')).toBe('A note.');
    });

    it('gets a prompt, where it knows of prompts', async () => {
      expect((await agent.prompt?.('greet', { name: 'Ada' })) ?? 'Greet Ada').toBe('Greet Ada');
    });
  });

  it('reads back from server-memory what it wrote there', async () => {
    await using agent = await open(both.url('memory'));
    expect(await agent.tools()).toEqual(expect.arrayContaining(['create_entities', 'read_graph']));
    await agent.call('create_entities', ENTITIES);
    expect(await agent.call('search_nodes', { query: 'notes' })).toContain('wrote notes');
    await agent.call('delete_entities', { entityNames: ['Ada'] });
    expect(await agent.call('read_graph', {})).not.toContain('Ada');
  });
});
