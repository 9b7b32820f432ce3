import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { startTestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { callTool } from '../support/modern-client.ts';
import { readPage } from '../support/modern-pages.ts';
import { answerWith, startOfferingUpstream, toolsNamed } from '../support/offering-upstream.ts';

const MIB = 1024 * 1024;
/** Lists of so many bytes are waited for longer than lists are by default. */
const PATIENT = { upstream: { timeouts: { list: '30s' } } };
const CACHE = { ttlMs: 60_000, cacheScope: 'private' };

/** A page with one tool of so many bytes. */
const pageOf = (at: number, bytes: number, nextCursor?: string) => ({
  tools: [{ name: `t${at}`, description: 'x'.repeat(bytes), inputSchema: { type: 'object' } }],
  ...(nextCursor === undefined ? {} : { nextCursor }),
});

const names = ({ tools }: { readonly tools: readonly { readonly name: string }[] }): string[] =>
  tools.map(({ name }) => name);

describe('the lists of an upstream that sends more than is good', () => {
  it('are read up to a number of bytes, however they are cut into pages, and told as partial', async () => {
    await using good = await startOfferingUpstream('good', { tools: toolsNamed('look') });
    await using bad = await startOfferingUpstream('bad', { tools: [] });
    let pages = 0;
    bad.upstream.on('tools/list', (received) => {
      pages += 1;
      answerWith(received, pageOf(pages, 4 * MIB, `${pages}`), CACHE);
    });
    await using gateway = await startTestGateway(configuration({ good: good.url, bad: bad.url }, PATIENT), {
      tap: false,
    });
    const page = await readPage(gateway.url(), 'tools/list');
    expect(names(page)).toEqual(['look']);
    expect(page._meta['io.gatewright/partial']).toBe(true);
    expect(pages).toBe(8);
    expect((await callTool(gateway.url(), 't1')).body.error.data.code).toBe('result_too_large');
    expect((await callTool(gateway.url(), 'look')).body.error).toBeUndefined();
  });

  it('are not read where one page is larger than an answer to the gateway may be', async () => {
    await using good = await startOfferingUpstream('good', { tools: toolsNamed('look') });
    await using bad = await startOfferingUpstream('bad', { tools: [] });
    bad.upstream.on('tools/list', (received) => answerWith(received, pageOf(1, 17 * MIB), CACHE));
    await using gateway = await startTestGateway(configuration({ good: good.url, bad: bad.url }), {
      tap: false,
    });
    const page = await readPage(gateway.url(), 'tools/list');
    expect(names(page)).toEqual(['look']);
    expect(page._meta['io.gatewright/partial']).toBe(true);
  });

  it('are read whole where they are large and yet within the bounds', async () => {
    await using large = await startOfferingUpstream('large', { tools: [] });
    large.upstream.on('tools/list', (received) => {
      const at = Number(received.message.params?.cursor ?? 0);
      answerWith(received, pageOf(at, 3 * MIB, at < 7 ? `${at + 1}` : undefined), CACHE);
    });
    await using gateway = await startTestGateway(configuration({ large: large.url }, PATIENT), {
      tap: false,
    });
    for (const name of ['t0', 't7']) expect((await callTool(gateway.url(), name)).body.error).toBeUndefined();
  });

  it('are asked for no longer than one call may take, however many pages come in time', async () => {
    await using slow = await startOfferingUpstream('slow', { tools: [] });
    let [pages, answered] = [0, 0];
    let isBrokenOff = false;
    slow.upstream.on('tools/list', (received) => {
      pages += 1;
      received.response.on('close', () => {
        if (received.response.writableFinished) answered += 1;
        else isBrokenOff = true;
      });
      const next = `${pages}`;
      void delay(700).then(() => answerWith(received, pageOf(pages, 10, next), CACHE));
    });
    const upstream = { timeouts: { list: '200ms', call: '1s' } };
    await using gateway = await startTestGateway(configuration({ slow: slow.url }, { upstream }));
    const startMs = performance.now();
    await readPage(gateway.url(), 'tools/list');
    // The end may meet a page that has been answered and not been read: then nothing is left to be broken off.
    await expect
      .poll(() => isBrokenOff || (answered === pages && performance.now() - startMs > 3000))
      .toBe(true);
    const asked = pages;
    expect(asked).toBeLessThanOrEqual(2);
    await delay(1000);
    expect(pages).toBe(asked);
  });
});

describe('the tasks of an upstream that lists them without end', () => {
  it('are read up to a number of bytes, and told as partial', async () => {
    const capabilities = { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } };
    const offer = { tools: toolsNamed('look'), capabilities };
    await using bad = await startOfferingUpstream('bad', offer, { eras: ['legacy'] });
    let pages = 0;
    bad.upstream.on('tasks/list', (received) => {
      pages += 1;
      const task = { taskId: `${pages}`, status: 'working', statusMessage: 'x'.repeat(4 * MIB) };
      answerWith(received, { tasks: [task], nextCursor: `${pages}` });
    });
    await using gateway = await startTestGateway(configuration({ bad: bad.url }, PATIENT), { tap: false });
    const session = await openSession(gateway.url());
    const { text } = await legacyRequest(gateway.url(), 'tasks/list', {}, session);
    expect(JSON.parse(/^(?:data: )?(\{.*\})$/m.exec(text)![1]!).result).toEqual({
      tasks: [],
      _meta: { 'io.gatewright/partial': true },
    });
    expect(pages).toBe(8);
  });
});
