import { describe, expect, it } from 'vitest';
import { META } from '../../runtime/mcp/revision.ts';
import { configuration } from '../support/configuration.ts';
import { startTestGateway } from '../support/gateway.ts';
import { keyedCallers } from '../support/keyed-callers.ts';
import { callTool, modernBody, modernHeaders } from '../support/modern-client.ts';
import { type OfferingUpstream, startOfferingUpstream, toolsNamed } from '../support/offering-upstream.ts';
import { rawRequest } from '../support/raw-request.ts';

const listsOf = ({ upstream }: OfferingUpstream): number =>
  upstream.log.filter(({ message }) => message.method === 'tools/list').length;

/** Calls `look` with the capabilities written like this. */
const callSpelt = (url: string, spelling: string) => {
  const params = { name: 'look', arguments: {} };
  const body = modernBody('tools/call', params, { capabilities: { here: {} } });
  return rawRequest(url, {
    method: 'POST',
    headers: modernHeaders('tools/call', params, {}),
    body: body.replace('{"here":{}}', () => spelling),
  });
};

/** Ways to write the same capabilities: white space, order of keys, escapes. */
const SPELLINGS = [
  '{"elicitation":{},"sampling":{"tools":{}}}',
  '{"sampling":{"tools":{}},"elicitation":{}}',
  '{ "sampling" : {"tools": {} },\t"elicitation":{}}',
  '{"\\u0073ampling":{"tools":{}},"elicitatio\\u006e":{}}',
  ...Array.from({ length: 40 }, (_, at) => `{${' '.repeat(at + 2)}"elicitation":{},"sampling":{"tools":{}}}`),
];

describe('capabilities that clients make up', () => {
  it('are the same however they are written, and go upstream as the client wrote them', async () => {
    await using only = await startOfferingUpstream(
      'only',
      { tools: toolsNamed('look') },
      { eras: ['modern'] },
    );
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    for (const spelling of [...SPELLINGS, ...SPELLINGS])
      expect((await callSpelt(gateway.url(), spelling)).status).toBe(200);
    expect(listsOf(only)).toBe(1);
    const calls = only.upstream.log.filter(({ message }) => message.method === 'tools/call');
    const keys = calls.map(({ message }) => {
      const meta = message.params?._meta as Readonly<Record<string, object>>;
      return Object.keys(meta[META.clientCapabilities]!).join();
    });
    expect(keys.slice(0, 2)).toEqual(['elicitation,sampling', 'sampling,elicitation']);
    expect(calls).toHaveLength(2 * SPELLINGS.length);
  });

  it('are told apart where they differ in anything', async () => {
    await using only = await startOfferingUpstream(
      'only',
      { tools: toolsNamed('look') },
      { eras: ['modern'] },
    );
    await using gateway = await startTestGateway(configuration({ only: only.url }));
    const different = [
      '{}',
      '{"elicitation":{}}',
      '{"elicitation":{"url":{}}}',
      '{"extensions":{"a":{"n":9007199254740993}}}',
      '{"extensions":{"a":{"n":9007199254740992}}}',
    ];
    for (const spelling of different)
      expect((await callSpelt(gateway.url(), spelling)).status, spelling).toBe(200);
    expect(listsOf(only)).toBe(different.length);
  });

  it('of one caller, however many, take nothing from another', async () => {
    await using only = await startOfferingUpstream(
      'only',
      { tools: toolsNamed('look') },
      { eras: ['modern'] },
    );
    const callers = keyedCallers(['quiet', 'greedy'], { only: only.url });
    await using gateway = await startTestGateway(callers.yaml, { files: callers.files });
    const call = async (name: string, capabilities: object) => {
      const { body } = await callTool(
        gateway.url(),
        'look',
        {},
        { token: callers.tokens[name]!, capabilities },
      );
      expect(body.error).toBeUndefined();
    };
    await call('quiet', { sampling: {} });
    for (let at = 0; at < 100; at += 1) await call('greedy', { experimental: { [`x${at}`]: {} } });
    const before = listsOf(only);
    expect(before).toBe(101);
    await call('quiet', { sampling: {} });
    await call('greedy', { experimental: { x99: {} } });
    expect(listsOf(only)).toBe(before);
    await call('greedy', { experimental: { x0: {} } });
    expect(listsOf(only)).toBe(before + 1);
  });
});
