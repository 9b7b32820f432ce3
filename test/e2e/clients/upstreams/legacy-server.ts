/** A server of the first SDK, for revisions up to 2025-11-25 only. It asks whoever calls it, whatever they declared. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';

const text = (value: unknown) => ({
  content: [{ type: 'text' as const, text: typeof value === 'string' ? value : JSON.stringify(value) }],
});

const QUESTIONS = {
  'sampling/createMessage': {
    messages: [{ role: 'user', content: { type: 'text', text: 'Say something' } }],
    maxTokens: 10,
  },
  'elicitation/create': {
    message: 'Who are you?',
    requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
  },
  'roots/list': {},
} as const;

/** Calls of `wait` that go on. */
export interface Waiting {
  /** Called with the reason when a call was taken back by a notification. */
  onCancelled(): void;
  /** Settles when the call may be answered. */
  released(): Promise<void>;
}

export const buildLegacyServer = (waiting: Waiting): McpServer => {
  const server = new McpServer({ name: 'legacy-only', version: '1.0.0' }, { capabilities: { logging: {} } });
  server.registerTool('echo', { inputSchema: { text: z.string() } }, ({ text: said }) => text(said));
  server.registerTool(
    'log',
    { description: 'Logs at two levels, whatever was set' },
    async ({ sendNotification }) => {
      for (const level of ['debug', 'warning'] as const)
        await sendNotification({ method: 'notifications/message', params: { level, data: level } });
      return text('logged');
    },
  );
  server.registerTool(
    'ask',
    { description: 'Asks the client and tells what came of it', inputSchema: { method: z.string() } },
    async ({ method }, { sendRequest }) => {
      const params = QUESTIONS[method as keyof typeof QUESTIONS];
      const asked = { method, params } as unknown as Parameters<typeof sendRequest>[0];
      return text(
        await sendRequest(asked, z.any()).catch((error: { code?: number }) => ({ refused: error.code })),
      );
    },
  );
  server.registerTool(
    'wait',
    { description: 'Reports progress, then waits until it is released or taken back' },
    async ({ signal, sendNotification, _meta }) => {
      signal.addEventListener('abort', () => waiting.onCancelled());
      const progressToken = _meta?.progressToken;
      if (progressToken !== undefined)
        await sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
      await waiting.released();
      return text('released');
    },
  );
  server.registerResource('note', 'note://one', {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'A note.' }],
  }));
  server.registerPrompt('greet', { argsSchema: { name: z.string() } }, ({ name }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name}` } }],
  }));
  return server;
};
