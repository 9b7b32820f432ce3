/** An upstream that offers the tools that a test names, besides all that fast-upstream can do. */
import { type FastUpstream, type FastUpstreamOptions, json, startFastUpstream } from './fast-upstream.ts';

export interface OfferedTool {
  readonly name: string;
  readonly [member: string]: unknown;
}

const MODERN = { ttlMs: 60_000, cacheScope: 'public', resultType: 'complete' };

/** Starts it. A tool answers with the upstream's name, the tool's, its arguments and the headers that came. */
export const startToolUpstream = async (
  name: string,
  tools: readonly (string | OfferedTool)[],
  options: FastUpstreamOptions = {},
): Promise<FastUpstream> => {
  const upstream = await startFastUpstream(options);
  const listed = tools.map((tool) => ({
    inputSchema: { type: 'object' },
    ...(typeof tool === 'string' ? { name: tool } : tool),
  }));
  upstream.on('tools/list', ({ message, response }) => {
    const isModern = message.params?._meta !== undefined;
    json(response, {
      jsonrpc: '2.0',
      id: message.id,
      result: { tools: listed, ...(isModern ? MODERN : {}) },
    });
  });
  upstream.behave(({ message, request, response }) => {
    const told = {
      upstream: name,
      tool: message.params?.name,
      arguments: message.params?.arguments,
      headers: request.headers,
    };
    const isModern = message.params?._meta !== undefined;
    const result = {
      content: [{ type: 'text', text: JSON.stringify(told) }],
      ...(isModern ? { resultType: 'complete' } : {}),
    };
    json(response, { jsonrpc: '2.0', id: message.id, result });
  });
  return upstream;
};

/** What a tool of such an upstream told. */
// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
export const told = (result: any): any => JSON.parse(result.content[0].text);
