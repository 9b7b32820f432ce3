/** An MCP server on stdio, of both eras, whose tools answer with results of any size. */
import { createInterface } from 'node:readline';
import { type Layout, largeResponse, writePieces } from '../../../support/large-upstream.ts';

interface Request {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly _meta?: object; readonly arguments?: Layout };
}

const capabilities = { tools: {} };
const serverInfo = { name: 'large-stdio', version: '1.0.0' };
const META = { 'io.modelcontextprotocol/serverInfo': serverInfo };
const CACHE = { ttlMs: 0, cacheScope: 'private' };
const tools = ['fetch', 'echo', 'broken'].map((name) => ({ name, inputSchema: { type: 'object' } }));
/** With an argument, the list is as large. */
const description = 'x'.repeat(Number(process.argv[2] ?? 0));

const resultOf = ({ method, params }: Request, isModern: boolean): object | undefined => {
  const complete = isModern ? { resultType: 'complete' } : {};
  switch (method) {
    case 'initialize':
      return { protocolVersion: '2025-11-25', capabilities, serverInfo };
    case 'server/discover':
      return { supportedVersions: ['2026-07-28'], capabilities, ...CACHE, ...complete, _meta: META };
    case 'tools/list':
      return { tools: [...tools, { ...tools[1], name: 'wordy', description }], ...CACHE, ...complete };
    case 'tools/call':
      return { content: [{ type: 'text', text: JSON.stringify(params?.arguments) }], ...complete };
    default:
      return undefined;
  }
};

const answer = async (request: Request): Promise<void> => {
  const { id, params } = request;
  if (id === undefined) return;
  const isModern = params?._meta !== undefined && 'io.modelcontextprotocol/clientInfo' in params._meta;
  if (params?.name === 'fetch' || params?.name === 'broken') {
    const pieces = largeResponse(String(id), params.arguments!);
    await writePieces(process.stdout, pieces);
    process.stdout.write(params.name === 'broken' ? '}\n' : '\n');
    return;
  }
  const result = resultOf(request, isModern);
  const outcome =
    result === undefined ? { error: { code: -32601, message: 'Method not found' } } : { result };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...outcome })}\n`);
};

let last = Promise.resolve();
createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line) as Request;
  last = last.then(() => answer(request));
});
