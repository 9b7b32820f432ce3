import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ableCall } from '../support/asking.ts';
import { configuration } from '../support/configuration.ts';
import { type FastUpstream, json } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { callTool } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

/** JSON.parse reads it, JSON.stringify throws for it. */
const DEPTH = 20_000;
const deepObject = '{"0":'.repeat(DEPTH) + 1 + '}'.repeat(DEPTH);

/** What an upstream says of its own accord during a call, by the tool's name. */
const SAID = {
  ping: `{"jsonrpc":"2.0","id":${deepObject},"method":"ping"}`,
  batch: `[{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":${deepObject}}}]`,
  ask: `{"jsonrpc":"2.0","id":${deepObject},"method":"elicitation/create","params":{"message":"m","requestedSchema":{"type":"object","properties":{}}}}`,
  withdrawn: `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${deepObject}}}`,
  unknown: `{"jsonrpc":"2.0","id":${deepObject},"method":"no/such"}`,
  padded: `{"jsonrpc":"2.0","id":${deepObject},"method":"ping","params":{"pad":"${'x'.repeat(2 * 1024 * 1024)}"}}`,
};
const TOOLS = Object.keys(SAID);

/** Says what a tool's name stands for, and then answers the call like any other. */
const PROGRAM = `
const { createInterface } = require('node:readline');
const write = (text) => process.stdout.write(text + '\\n');
const say = (value) => write(JSON.stringify(value));
const deep = '{"0":'.repeat(${DEPTH}) + 1 + '}'.repeat(${DEPTH});
const said = JSON.parse(process.argv[1]);
const nested = '{"content":' + '{"type":"tool_result","content":'.repeat(${DEPTH}) + '[]' + '}'.repeat(${DEPTH + 1});
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') say({ jsonrpc: '2.0', id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {}, resources: {} }, serverInfo: { name: 'deep', version: '1' } } });
  else if (method === 'tools/list') say({ jsonrpc: '2.0', id, result: { tools: [...Object.keys(said), 'nested', 'plain'].map((name) => ({ name, inputSchema: { type: 'object' } })) } });
  else if (method === 'tools/call' && params.name === 'nested') write('{"jsonrpc":"2.0","id":' + id + ',"result":' + nested + '}');
  else if (method === 'tools/call') {
    const text = said[params.name];
    if (text !== undefined) write(text.replace('DEEP', deep).replace('PAD', 'x'.repeat(${2 * 1024 * 1024})));
    say({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: params.name }] } });
  } else if (id !== undefined) say({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } });
});
`;
/** The same, short enough for a command line. */
const SHORT = JSON.stringify(
  Object.fromEntries(
    Object.entries(SAID).map(([name, text]) => [
      name,
      text.replace(deepObject, 'DEEP').replace(/x{9,}/, 'PAD'),
    ]),
  ),
);

/** Of a call's answer: its text, or the code of its error. */
const saidBy = async (gateway: TestGateway, name: string): Promise<string | undefined> => {
  const { body } = await ableCall(gateway.url(), name);
  return body.result?.content?.[0]?.text ?? body.error?.data?.code;
};

describe.each(['per-principal', 'shared'])(
  'values that nest without end, on a pipe that is %s',
  (isolation) => {
    let gateway: TestGateway;
    beforeAll(async () => {
      const stdio = { type: 'stdio', command: [process.execPath, '-e', PROGRAM, SHORT], isolation };
      const expose = ['deep', 'calm'].map((upstream) => ({ upstream, prefix: `${upstream}_` }));
      gateway = await startTestGateway(
        configuration({}, { expose, upstreams: { deep: stdio, calm: stdio } }),
      );
    });
    afterAll(() => gateway.close());

    it.each(TOOLS)('end nobody: %s', async (name) => {
      expect(await saidBy(gateway, `deep_${name}`)).toBe(name);
      expect(await saidBy(gateway, 'deep_plain')).toBe('plain');
      expect(await saidBy(gateway, 'calm_plain')).toBe('plain');
    });

    it('are answered for where they are in a result whose URIs have to be found', async () => {
      expect(await saidBy(gateway, 'deep_nested')).toBe('upstream_protocol');
      expect(await saidBy(gateway, 'deep_plain')).toBe('plain');
    });
  },
);

describe('values that nest without end, over HTTP', () => {
  let deep: FastUpstream;
  let calm: FastUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    deep = await startToolUpstream('deep', [...TOOLS, 'plain'], { eras: ['legacy'] });
    calm = await startToolUpstream('calm', ['plain'], { eras: ['legacy'] });
    deep.behave(({ message, response }) => {
      const name = String(message.params?.name);
      const content = [{ type: 'text', text: name }];
      const answer = { jsonrpc: '2.0', id: message.id, result: { content } };
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (name in SAID) response.write(`data: ${SAID[name as keyof typeof SAID]}\n\n`);
      response.end(`data: ${JSON.stringify(answer)}\n\n`);
    });
    deep.onGet((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const text of Object.values(SAID)) response.write(`data: ${text}\n\n`);
    });
    const expose = ['deep', 'calm'].map((upstream) => ({ upstream, prefix: `${upstream}_` }));
    gateway = await startTestGateway(configuration({ deep: deep.url, calm: calm.url }, { expose }));
  });
  afterAll(async () => {
    await gateway.close();
    await deep.close();
    await calm.close();
  });

  it.each(TOOLS.filter((name) => name !== 'padded'))('end their own call at most: %s', async (name) => {
    // An id that is none breaks the protocol; in what needs no answer depth does not.
    const isSound = name === 'batch' || name === 'withdrawn';
    expect(await saidBy(gateway, `deep_${name}`)).toBe(isSound ? name : 'upstream_protocol');
    expect(await saidBy(gateway, 'deep_plain')).toBe('plain');
    expect((await callTool(gateway.url(), 'calm_plain')).body.result.content).toHaveLength(1);
  });
});

describe('a state of a modern upstream', () => {
  it.each(['{"deep":1}', '7', 'null', deepObject])('that is no text breaks the protocol', async (state) => {
    const upstream = await startToolUpstream('one', ['ask', 'plain'], { eras: ['modern'] });
    upstream.behave(({ message, response }) => {
      if (message.params?.name === 'plain')
        return json(response, {
          jsonrpc: '2.0',
          id: message.id,
          result: { resultType: 'complete', content: [] },
        });
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        `{"jsonrpc":"2.0","id":${message.id},"result":{"resultType":"input_required","requestState":${state}}}`,
      );
    });
    const gateway = await startTestGateway(configuration({ one: upstream.url }));
    const { body } = await ableCall(gateway.url(), 'ask');
    expect(body.error?.data?.code).toBe('upstream_protocol');
    expect((await ableCall(gateway.url(), 'plain')).body.result.content).toEqual([]);
    await gateway.close();
    await upstream.close();
  });
});
