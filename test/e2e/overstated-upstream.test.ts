import { describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { startTestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { callTool, modernRequest, toolNames } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const UI = 'io.modelcontextprotocol/ui';
const nested = (levels: number): string => `${'{"0":'.repeat(levels)}1${'}'.repeat(levels)}`;
const EXCESSES: Readonly<Record<string, string>> = {
  'deeper than a stack': nested(3000),
  'larger than a page': JSON.stringify({ a: 'x'.repeat(1024 * 1024) }),
};

/** A legacy server on stdio that says too much of itself, and would serve a tool. */
const PROGRAM = `
const { createInterface } = require('node:readline');
const [kind] = process.argv.slice(1);
const excess = kind === 'deep' ? '{"0":'.repeat(3000) + '1' + '}'.repeat(3000) : '{"a":"' + 'x'.repeat(1024 * 1024) + '"}';
const answer = (id, text) => process.stdout.write('{"jsonrpc":"2.0","id":' + id + ',"result":' + text + '}\\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  const extensions = '{"${UI}":' + excess + '}';
  if (method === 'initialize')
    answer(id, '{"protocolVersion":"' + params.protocolVersion + '","capabilities":{"tools":{},"extensions":' + extensions + '},"serverInfo":{"name":"bad","version":"1"}}');
  else if (method === 'tools/list') answer(id, '{"tools":[{"name":"b","inputSchema":{"type":"object"}}]}');
  else if (id !== undefined) process.stdout.write('{"jsonrpc":"2.0","id":' + id + ',"error":{"code":-32601,"message":"no"}}\\n');
});
`;

const upstreamOf = async (...given: Parameters<typeof startToolUpstream>) => {
  const upstream = await startToolUpstream(...given);
  return { upstream, url: upstream.url, [Symbol.asyncDispose]: () => upstream.close() };
};

/** The good one is served on, in both eras, and nothing of the other. */
const expectServed = async (url: string): Promise<void> => {
  const discovered = await modernRequest(url, 'server/discover');
  expect(discovered.body.result.capabilities).toMatchObject({ tools: {} });
  expect(discovered.body.result.capabilities.extensions).toBeUndefined();
  expect(await toolNames(url)).toEqual(['a']);
  expect((await callTool(url, 'a')).body.result.content).toHaveLength(1);
  expect((await callTool(url, 'b')).body.error.data.code).toMatch(/^upstream_/);
  const session = await openSession(url);
  const listed = await legacyRequest(url, 'tools/list', {}, session);
  expect(JSON.parse(listed.text).result.tools).toMatchObject([{ name: 'a' }]);
};

describe('an upstream that says more of itself than can be passed on', () => {
  it.each(['deep', 'large'])('is left out alone where it is a process: %s', async (kind) => {
    await using good = await upstreamOf('good', ['a']);
    const upstreams = {
      good: { type: 'http', endpoints: [good.url] },
      bad: { type: 'stdio', command: [process.execPath, '-e', PROGRAM, kind] },
    };
    const expose = [{ upstream: 'good' }, { upstream: 'bad' }];
    await using gateway = await startTestGateway(configuration({}, { expose, upstreams }));
    await expectServed(gateway.url());
  });

  it.each(Object.keys(EXCESSES))('is left out alone where it is reached by HTTP: %s', async (excess) => {
    await using good = await upstreamOf('good', ['a']);
    await using bad = await upstreamOf('bad', ['b'], { eras: ['modern'] });
    bad.upstream.on('server/discover', ({ message, response }) => {
      response.setHeader('content-type', 'application/json');
      const extensions = `{"${UI}":${EXCESSES[excess]}}`;
      response.end(
        `{"jsonrpc":"2.0","id":${message.id},"result":{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{},` +
          `"extensions":${extensions}},"ttlMs":0,"cacheScope":"private","resultType":"complete"}}`,
      );
    });
    await using gateway = await startTestGateway(configuration({ good: good.url, bad: bad.url }));
    await expectServed(gateway.url());
  });
});
