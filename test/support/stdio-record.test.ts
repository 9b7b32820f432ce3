import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { configuration } from './configuration.ts';
import { startTestGateway } from './gateway.ts';
import { callTool } from './modern-client.ts';
import { recordStdio } from './stdio-record.ts';

const FIXTURE = join(import.meta.dirname, 'everything', 'main.ts');

/** Lets a program that repeats its input run under the wrapper, and says these lines to it. */
const say = async (command: readonly string[], ...lines: readonly string[]): Promise<string> => {
  const [program, ...args] = command as [string, ...string[]];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  let heard = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  await once(child, 'close');
  return heard;
};

it('passes lines on both ways and catches what the client side says wrongly', async () => {
  const record = await recordStdio();
  const right = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const claimed = '{"io.modelcontextprotocol/protocolVersion":"2025-11-25"}';
  const lines = [
    right,
    `{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"_meta":${claimed}}}`,
    'no JSON',
  ];
  expect(await say(record.command('cat'), ...lines)).toBe(`${lines.join('\n')}\n`);
  const { messages, violations } = record.read();
  expect(messages.map(({ from }) => from).sort()).toEqual(['client', 'client', 'server', 'server']);
  expect(violations).toHaveLength(2);
  await expect(record.close()).rejects.toThrow(/break the protocol/);
});

it('hears a gateway speak to its child', async () => {
  const record = await recordStdio();
  const upstreams = {
    everything: { type: 'stdio', command: record.command(process.execPath, FIXTURE, '--stdio') },
  };
  const yaml = configuration({}, { expose: [{ upstream: 'everything' }], upstreams });
  const gateway = await startTestGateway(yaml);
  const { body } = await callTool(gateway.url(), 'test_simple_text');
  expect(body.result.content).toHaveLength(1);
  await gateway.close();
  const { messages } = record.read();
  expect(messages.map(({ message }) => message.method)).toContain('tools/call');
  await record.close();
});
