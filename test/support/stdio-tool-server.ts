/** A small legacy MCP server on stdio: offers the tools that its arguments name, each tells its process and arguments. */
import { createInterface } from 'node:readline';

interface Request {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

const tools = process.argv.slice(2).map((name) => ({ name, inputSchema: { type: 'object' } }));

const resultOf = ({ method, params }: Request): object | undefined => {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params?.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'stdio-tool-server', version: '1.0.0' },
      };
    case 'tools/list':
      return { tools };
    case 'tools/call': {
      const told = { pid: process.pid, tool: params?.name, arguments: params?.arguments, env: process.env };
      return { content: [{ type: 'text', text: JSON.stringify(told) }] };
    }
    case 'ping':
      return {};
    default:
      return undefined;
  }
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line) as Request;
  if (request.id === undefined || request.method === undefined) return;
  const result = resultOf(request);
  const outcome =
    result === undefined ? { error: { code: -32601, message: 'Method not found' } } : { result };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: request.id, ...outcome })}\n`);
});
