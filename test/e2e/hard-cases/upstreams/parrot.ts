/** An MCP server of both eras that answers in the words it is told to: on stdio, or over HTTP where a test imports it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

interface Request {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly _meta?: object; readonly arguments?: { readonly answer?: string } };
}

const capabilities = { tools: {} };
const serverInfo = { name: 'parrot', version: '1.0.0' };
const META = { 'io.modelcontextprotocol/serverInfo': serverInfo };
const MODERN = { ttlMs: 0, cacheScope: 'private', resultType: 'complete' };
const tools = [{ name: 'say', inputSchema: { type: 'object' } }];

/** Members of `result` besides what the test says: the text of the request, as it was heard. */
const heard = (text: string): string => `"content":[{"type":"text","text":${JSON.stringify(text)}}]`;

/** The answer to a request's text; undefined for what wants none. `@` in what the test says stands for what was heard. */
export const answerTo = (text: string): string | undefined => {
  const { id, method, params } = JSON.parse(text) as Request;
  if (id === undefined) return undefined;
  const isModern = params?._meta !== undefined && 'io.modelcontextprotocol/clientInfo' in params._meta;
  if (method === 'tools/call')
    return params!.arguments!.answer!.replaceAll('#', String(id)).replace('@', () => heard(text));
  const result = {
    initialize: { protocolVersion: '2025-11-25', capabilities, serverInfo },
    'server/discover': { supportedVersions: ['2026-07-28'], capabilities, ...MODERN, _meta: META },
    'tools/list': { tools, ...(isModern ? MODERN : {}) },
  }[method as string];
  const outcome =
    result === undefined ? { error: { code: -32601, message: 'Method not found' } } : { result };
  return JSON.stringify({ jsonrpc: '2.0', id, ...outcome });
};

/** Serves it over HTTP, answering calls as JSON or as a stream. */
export const startParrot = async (kind: 'json' | 'stream'): Promise<{ url: string; server: Server }> => {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const answer = request.method === 'POST' ? answerTo(text) : undefined;
    const streams = kind === 'stream' && text.includes('"tools/call"');
    if (answer === undefined) response.writeHead(request.method === 'POST' ? 202 : 405).end();
    else if (streams)
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${answer}\n\n`);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, server };
};

if (import.meta.main)
  createInterface({ input: process.stdin }).on('line', (line) => {
    const answer = answerTo(line);
    if (answer !== undefined) process.stdout.write(`${answer}\n`);
  });
