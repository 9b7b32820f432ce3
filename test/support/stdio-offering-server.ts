/** A small legacy MCP server on stdio that offers the tools in the file which its argument names, as they are now. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

interface Request {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

const toolsNow = (): unknown => JSON.parse(readFileSync(process.argv[2]!, 'utf8'));

const resultOf = ({ method, params }: Request): object => {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params?.protocolVersion,
        capabilities: { tools: { listChanged: true } },
        serverInfo: { name: 'stdio-offering-server', version: '1.0.0' },
      };
    case 'tools/list':
      return { tools: toolsNow() };
    case 'tools/call':
      return { content: [{ type: 'text', text: String(params?.name) }] };
    default:
      return {};
  }
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line) as Request;
  if (request.id === undefined || request.method === undefined) return;
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: request.id, result: resultOf(request) })}\n`);
});
