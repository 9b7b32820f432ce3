/** A server of the second SDK that speaks 2026-07-28 only, over streamable HTTP. */
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import {
  acceptedContent,
  completable,
  createMcpHandler,
  inputRequired,
  McpServer,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

export interface ModernUpstream extends AsyncDisposable {
  readonly url: string;
  /** `waiting` when a call of `wait` has begun, `cancelled` when one was taken back. */
  readonly events: EventEmitter<{ waiting: []; cancelled: [] }>;
}

const NAME = z.object({ name: z.string() });

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

const registerTools = (server: McpServer, events: ModernUpstream['events']): void => {
  server.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, ({ text: said }) =>
    text(said),
  );
  server.registerTool('steps', { description: 'Reports progress twice' }, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    if (progressToken !== undefined)
      for (const progress of [1, 2])
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress } });
    await mcpReq.log('info', 'Two steps taken');
    return text('done');
  });
  server.registerTool('ask', { description: 'Asks for a name, whatever was declared' }, ({ mcpReq }) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'name', NAME);
    if (answer !== undefined) return text(`Hello, ${answer.name}`);
    const asked = inputRequired.elicit({ message: 'Who are you?', requestedSchema: NAME });
    return inputRequired({ inputRequests: { name: asked } });
  });
  server.registerTool('wait', { description: 'Waits until it is taken back' }, async ({ mcpReq }) => {
    events.emit('waiting');
    await once(mcpReq.signal, 'abort');
    events.emit('cancelled');
    return text('taken back');
  });
  server.registerTool(
    'number',
    { description: 'Has a result that is no object', outputSchema: z.number() },
    () => ({ ...text('7'), structuredContent: 7 }),
  );
};

const buildServer = (events: ModernUpstream['events']): McpServer => {
  const server = new McpServer(
    { name: 'modern-only', version: '1.0.0' },
    { capabilities: { logging: {}, completions: {} } },
  );
  registerTools(server, events);
  server.registerResource('note', 'note://one', {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'A note.' }],
  }));
  const name = completable(z.string(), (typed) => ['Ada', 'Alan'].filter((known) => known.startsWith(typed)));
  server.registerPrompt('greet', { argsSchema: z.object({ name }) }, ({ name: who }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Greet ${who}` } }],
  }));
  return server;
};

export const startModernUpstream = async (): Promise<ModernUpstream> => {
  const events: ModernUpstream['events'] = new EventEmitter();
  const handler = createMcpHandler(() => buildServer(events), { legacy: 'reject' });
  const serve = toNodeHandler(handler);
  const server = createServer(
    (request, response) => void serve(request as NodeIncomingMessageLike, response),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    events,
    [Symbol.asyncDispose]: async () => {
      await handler.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
};
