import { describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { type Behaviour, hang, json, reset } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { modernRequest } from '../support/modern-client.ts';
import { readPage } from '../support/modern-pages.ts';
import { answerWith, startOfferingUpstream, toolsNamed } from '../support/offering-upstream.ts';

const offer = (name: string) => ({
  tools: toolsNamed(`${name}-tool`),
  prompts: [{ name: `${name}-prompt` }],
  resources: [{ uri: `data://${name}`, name: `${name}-resource` }],
  resourceTemplates: [{ uriTemplate: `${name}://{id}`, name: `${name}-template` }],
});

const LISTS = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
} as const;

const FAILURES: Readonly<Record<string, Behaviour>> = {
  hangs: hang,
  'breaks the connection': reset,
  'answers an error': ({ message, response }) =>
    json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32603, message: 'inside' } }),
  'answers no list': (received) => answerWith(received, { nothing: [] }, { ttlMs: 1, cacheScope: 'public' }),
};

describe('a list to which one upstream adds nothing for the moment', () => {
  it.each(Object.entries(FAILURES))('is told without it and says so, where it %s', async (_how, failure) => {
    await using first = await startOfferingUpstream('first', offer('first'));
    await using second = await startOfferingUpstream('second', offer('second'));
    for (const method of Object.keys(LISTS)) second.upstream.on(method, failure);
    const yaml = JSON.parse(configuration({ first: first.url, second: second.url }));
    yaml.upstreams.second.timeouts = { list: '500ms' };
    await using gateway = await startTestGateway(JSON.stringify(yaml));
    const session = await openSession(gateway.url());
    for (const [method, member] of Object.entries(LISTS)) {
      const modern = await readPage(gateway.url(), method);
      const legacy = JSON.parse((await legacyRequest(gateway.url(), method, {}, session)).text).result;
      for (const page of [modern, legacy]) {
        expect(page[member].map(({ name }: { name: string }) => name.split('-')[0])).toEqual(['first']);
        expect(page._meta['io.gatewright/partial']).toBe(true);
        expect(JSON.stringify(page)).not.toContain('inside');
      }
      expect(modern.ttlMs).toBe(0);
    }
  });
});

describe('what several upstreams say of themselves', () => {
  it('is merged: all that any of them offers, nothing experimental, and instructions under their names', async () => {
    const told = (instructions: string, capabilities: object) => ({ instructions, capabilities });
    await using first = await startOfferingUpstream('first', { tools: [] });
    await using second = await startOfferingUpstream('second', { tools: [] });
    for (const [{ upstream }, said] of [
      [first, told('Be brief.', { tools: {}, experimental: { odd: {} } })],
      [second, told('x'.repeat(30_000), { prompts: {}, resources: {}, completions: {}, logging: {} })],
    ] as const)
      upstream.on('server/discover', (received) =>
        answerWith(
          received,
          { supportedVersions: ['2026-07-28'], ...said },
          { ttlMs: 0, cacheScope: 'private' },
        ),
      );
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    const { result } = (await modernRequest(gateway.url(), 'server/discover')).body;
    expect(Object.keys(result.capabilities).toSorted()).toEqual([
      'completions',
      'logging',
      'prompts',
      'resources',
      'tools',
    ]);
    expect(result.instructions).toMatch(/^\[first\]\nBe brief\.\n\n\[second\]\nxxx/);
    expect(result.instructions.length).toBeLessThanOrEqual(20_000);
  });
});

describe('a call that is taken back', () => {
  it('is taken back at its upstream only', async () => {
    await using first = await startOfferingUpstream('first', offer('first'));
    await using second = await startOfferingUpstream('second', offer('second'));
    let isKeptClosed = false;
    first.upstream.behave(hang);
    second.upstream.behave(({ response }) => {
      response.on('close', () => {
        isKeptClosed = true;
      });
    });
    await using gateway = await startTestGateway(configuration({ first: first.url, second: second.url }));
    const session = await openSession(gateway.url());
    const call = (id: number, name: string) =>
      fetch(gateway.url(), {
        method: 'POST',
        headers: {
          ...session,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {} } }),
      }).then(
        () => 'answered',
        () => 'broken off',
      );
    void call(1, 'first-tool');
    const kept = call(2, 'second-tool');
    await Promise.all([first, second].map(({ upstream }) => upstream.until(() => upstream.calls === 1)));
    const cancel = JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 1 },
    });
    await fetch(gateway.url(), {
      method: 'POST',
      headers: {
        ...session,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: cancel,
    });
    const cancelled = ({ upstream }: typeof first) =>
      upstream.log.filter(({ message }) => message.method === 'notifications/cancelled');
    await expect.poll(() => cancelled(first).length).toBe(1);
    const asked = first.upstream.log.find(({ message }) => message.method === 'tools/call')!;
    expect(cancelled(first)[0]!.message.params).toMatchObject({ requestId: asked.message.id });
    expect(cancelled(second)).toEqual([]);
    expect(isKeptClosed).toBe(false);
    expect(await Promise.race([kept, 'waits'])).toBe('waits');
  });
});
