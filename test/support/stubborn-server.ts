/** A legacy MCP server on stdio that writes to the file of its argument how it is ended, and does not end by itself. */
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [file = ''] = process.argv.slice(2);
const note = (what: string): void => appendFileSync(file, `${process.pid} ${what}\n`);

const RESULTS: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'stubborn', version: '1.0.0' },
  },
  'tools/list': { tools: [{ name: 'stay', inputSchema: { type: 'object' } }] },
  'tools/call': { content: [{ type: 'text', text: String(process.pid) }] },
};

note('start');
process.on('SIGTERM', () => note('SIGTERM'));
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { id, method } = JSON.parse(line) as { id?: number; method: string };
  if (id === undefined) return;
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: RESULTS[method] ?? {} })}\n`);
});
lines.on('close', () => note('end of input'));
setInterval(() => undefined, 1_000_000);
