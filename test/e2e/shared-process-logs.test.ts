import { describe, expect, it } from 'vitest';
import { META } from '../../runtime/mcp/revision.ts';
import { configuration } from '../support/configuration.ts';
import { startTestGateway } from '../support/gateway.ts';
import { callTool, type ModernOptions } from '../support/modern-client.ts';

/** A modern server on stdio: `wait` is answered after `release`; `query` logs its argument, which names no request. */
const PROGRAM = `
const { createInterface } = require('node:readline');
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
const CACHED = { ttlMs: 60000, cacheScope: 'public' };
const waiting = [];
const tools = ['wait', 'waiting', 'release', 'query'].map((name) => ({ name, inputSchema: { type: 'object' } }));
const reply = (id, result) => say({ id, result: { resultType: 'complete', ...result } });
const done = (id, text = '') => reply(id, { content: [{ type: 'text', text }] });
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  if (method === 'server/discover') reply(id, { supportedVersions: ['2026-07-28'], capabilities: { tools: {}, logging: {} }, ...CACHED });
  else if (method === 'tools/list') reply(id, { tools, ...CACHED });
  else if (method !== 'tools/call') say({ id, error: { code: -32601, message: 'no' } });
  else if (params.name === 'wait') waiting.push(id);
  else if (params.name === 'waiting') done(id, String(waiting.length));
  else if (params.name === 'release') { for (const each of waiting.splice(0)) done(each); done(id); }
  else { say({ method: 'notifications/message', params: { level: 'info', data: 'asked for ' + params.arguments.q } }); done(id); }
});
`;

const start = () => {
  const upstreams = {
    shared: { type: 'stdio', command: [process.execPath, '-e', PROGRAM], isolation: 'shared' },
  };
  return startTestGateway(configuration({}, { expose: [{ upstream: 'shared' }], upstreams }));
};

const LOGS: ModernOptions = { meta: { [META.logLevel]: 'debug' } };

describe('log messages of a process that callers share', () => {
  it('do not reach a caller who waits while another one’s call is made', async () => {
    await using gateway = await start();
    const url = gateway.url();
    const eavesdropping = callTool(url, 'wait', {}, LOGS);
    await expect
      .poll(async () => (await callTool(url, 'waiting')).body.result.content[0].text, { timeout: 20_000 })
      .toBe('1');
    const quiet = await callTool(url, 'query', { q: 'SSN-OF-ALICE' });
    const asking = await callTool(url, 'query', { q: 'SSN-OF-ALICE' }, LOGS);
    await callTool(url, 'release');
    const heard = await eavesdropping;
    expect(heard.body.result.content).toHaveLength(1);
    for (const { text } of [heard, quiet, asking]) expect(text).not.toContain('SSN-OF-ALICE');
  });

  it('reach the caller who asks for them while nobody else has a call', async () => {
    await using gateway = await start();
    const { text } = await callTool(gateway.url(), 'query', { q: 'the weather' }, LOGS);
    expect(text).toContain('asked for the weather');
  });
});
