/** A legacy MCP server on stdio whose one tool reports progress that is none. */
import { createInterface } from 'node:readline';

interface Request {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: {
    readonly protocolVersion?: string;
    readonly _meta?: { readonly progressToken?: unknown };
  };
}

const write = (message: object): void => {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
};

const tell = (progressToken: unknown, progress: unknown): void =>
  write({ method: 'notifications/progress', params: { progressToken, progress } });

const resultOf = ({ method, params }: Request): object | undefined => {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params?.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'strange-progress', version: '1.0.0' },
      };
    case 'tools/list':
      return { tools: [{ name: 'strange', inputSchema: { type: 'object' } }] };
    case 'tools/call':
      return { content: [] };
    case 'ping':
      return {};
    default:
      return undefined;
  }
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line) as Request;
  if (request.id === undefined || request.method === undefined) return;
  const token = request.params?._meta?.progressToken;
  const reports = request.method === 'tools/call';
  if (reports) {
    tell('unknown', 1);
    tell(String(token), 60);
    for (const progress of [1, 3, 2, 3, 'four', 4.5]) tell(token, progress);
  }
  const result = resultOf(request);
  write({
    id: request.id,
    ...(result === undefined ? { error: { code: -32601, message: 'Method not found' } } : { result }),
  });
  if (reports) tell(token, 100);
});
