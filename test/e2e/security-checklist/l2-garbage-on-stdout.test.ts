import { afterAll, beforeAll, expect, test } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { callTool } from '../../support/modern-client.ts';
import { SLOW_START } from '../../support/slow-start.ts';

/** Answers like a server, and says whatever a tool's name tells it to besides. */
const PROGRAM = `
const { createInterface } = require('node:readline');
const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
const noise = {
  garbage: () => process.stdout.write('Listening on stdio...\\n{"jsonrpc":\\n\\u0000\\uFFFF\\n[1,2]\\nnull\\n"text"\\n{}\\n'),
  stranger: () => { say({ jsonrpc: '2.0', id: 999999, result: { content: [] } }); say({ jsonrpc: '2.0', id: 'x', error: { code: 1, message: 'm' } }); },
  huge: (id) => process.stdout.write('{"jsonrpc":"2.0","id":' + id + ',"result":{"pad":"' + 'x'.repeat(Number(process.argv[1])) + '"}}\\n'),
  stderr: () => process.stderr.write('{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"from stderr"}]}}\\nFATAL: not an error\\n'),
  silent: () => {},
};
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') say({ jsonrpc: '2.0', id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'noisy', version: '1' } } });
  else if (method === 'tools/list') say({ jsonrpc: '2.0', id, result: { tools: Object.keys(noise).map((name) => ({ name, inputSchema: { type: 'object' } })) } });
  else if (method === 'tools/call') {
    noise[params.name](id);
    if (params.name !== 'huge') say({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: params.name }] } });
  } else if (id !== undefined) say({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } });
});
`;
const OVERLONG_BYTES = 40 * 1024 * 1024;

let gateway: TestGateway;
beforeAll(async () => {
  const stdio = {
    type: 'stdio',
    ...SLOW_START,
    command: [process.execPath, '-e', PROGRAM, String(OVERLONG_BYTES)],
  };
  gateway = await startTestGateway(
    configuration(
      {},
      {
        expose: [
          { upstream: 'noisy', prefix: 'noisy_' },
          { upstream: 'calm', prefix: 'calm_' },
        ],
        server: { limits: ['small'] },
        limits: { small: { type: 'bounds', resultBytes: '1MiB' } },
        upstreams: { noisy: stdio, calm: stdio },
      },
    ),
  );
});
afterAll(() => gateway.close());

const said = async (name: string): Promise<string | undefined> => {
  const { body } = await callTool(gateway.url(), name);
  return body.result?.content[0].text ?? body.error?.data?.code;
};

test("L2: what is no message on one upstream's stdout is nobody's answer and nobody else's trouble", async () => {
  const calm = Promise.all(Array.from({ length: 5 }, () => said('calm_silent')));
  expect(await said('noisy_garbage')).toBe('garbage');
  expect(await said('noisy_stranger')).toBe('stranger');
  expect(await calm).toEqual(Array(5).fill('silent'));
  expect(await said('noisy_silent')).toBe('silent');
});

test('a message that is too large ends its own call and no other', async () => {
  const [huge, calm] = await Promise.all([said('noisy_huge'), said('calm_silent')]);
  expect(huge).toMatch(/^(result_too_large|upstream_protocol)$/);
  expect(calm).toBe('silent');
  expect(await said('noisy_silent')).toBe('silent');
}, 180_000);

test('what a child writes to stderr is never taken for a message, or for a failure', async () => {
  expect(await said('noisy_stderr')).toBe('stderr');
  expect(await said('noisy_silent')).toBe('silent');
  await expect.poll(() => gateway.log()).toContain('not an error');
});
