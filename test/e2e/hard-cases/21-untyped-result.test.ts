import { afterAll, beforeAll, expect, test } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { type FastUpstream, json } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { callTool, modernRequest } from '../../support/modern-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const CONTENT = [{ type: 'text', text: 'done' }];
const RESULTS: Readonly<Record<string, unknown>> = {
  untyped: { content: CONTENT },
  typed: { resultType: 'complete', content: CONTENT },
  nulled: { resultType: null, content: CONTENT },
};

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('careless', [...Object.keys(RESULTS), 'lines', 'progress'], {
    eras: ['modern'],
  });
  upstream.behave(({ message, response }) => {
    const { name } = message.params as { name: string };
    const answer = { jsonrpc: '2.0', id: message.id, result: RESULTS[name] ?? RESULTS.typed };
    if (name !== 'lines' && name !== 'progress') return json(response, answer);
    const told = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x' } };
    response.writeHead(200, {
      'content-type': name === 'lines' ? 'application/x-ndjson' : 'application/json',
    });
    response.end(`${JSON.stringify(told)}\n${JSON.stringify(answer)}\n`);
  });
  gateway = await startTestGateway(configuration({ careless: upstream.url }));
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

test('hard case 21: a modern result without resultType is taken for complete, lines of JSON for no answer', async () => {
  const untyped = await callTool(gateway.url(), 'untyped');
  expect(untyped.body.result).toEqual({ resultType: 'complete', content: CONTENT });
  const typed = await callTool(gateway.url(), 'typed');
  expect(typed.body.result).toEqual(RESULTS.typed);
  for (const name of ['lines', 'progress', 'nulled']) {
    const { body } = await callTool(gateway.url(), name);
    expect(body.error, name).toMatchObject({ code: expect.any(Number) });
    expect(JSON.stringify(body)).not.toContain('"data":"x"');
  }
  const { body } = await modernRequest(gateway.url(), 'tools/list');
  expect(body.result.resultType).toBe('complete');
});
