/** What the bridging fixture offers beside the tools of the conformance suite. */
import { once } from 'node:events';
import {
  completable,
  inputRequired,
  inputResponse,
  type McpServer,
  ResourceTemplate,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

export const MANY = 150;

const text = (value: unknown) => ({
  content: [{ type: 'text' as const, text: typeof value === 'string' ? value : JSON.stringify(value) }],
});

/** Registers them on servers that share one count of calls taken back. */
export const bridgingTools = (): ((server: McpServer) => void) => {
  let takenBack = 0;
  return (server) => {
    registerAnswers(server);
    registerQuestions(server);
    registerResources(server);
    server.registerTool(
      'bridge_wait',
      { description: 'Reports progress, then waits until it is taken back' },
      async ({ mcpReq }) => {
        const aborted = once(mcpReq.signal, 'abort');
        const progressToken = mcpReq._meta?.progressToken;
        if (progressToken !== undefined)
          await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
        if (!mcpReq.signal.aborted) await aborted;
        takenBack += 1;
        return text('taken back');
      },
    );
    server.registerTool('bridge_taken', { description: 'Counts the calls that were taken back' }, () =>
      text(String(takenBack)),
    );
  };
};

const registerAnswers = (server: McpServer): void => {
  server.registerTool(
    'bridge_structured',
    {
      title: 'Structured',
      description: 'Answers with structured content, and with a meta of its own',
      inputSchema: z.object({ count: z.number().int().default(3) }),
      outputSchema: z.object({ items: z.array(z.object({ at: z.number() })) }),
      annotations: { readOnlyHint: true, openWorldHint: false },
      _meta: { 'example.com/kept': { deep: [1, 2, 3] } },
    },
    ({ count }) => {
      const structuredContent = { items: Array.from({ length: count }, (_, at) => ({ at })) };
      return { ...text(structuredContent), structuredContent, _meta: { 'example.com/answer': 'kept' } };
    },
  );
  server.registerTool('bridge_throw', { description: 'Throws' }, () => {
    throw new Error('It does not work.');
  });
  server.registerTool('bridge_link', { description: 'Answers with a link to a resource' }, () => ({
    content: [{ type: 'resource_link', uri: 'bridge://item/7', name: 'seven', mimeType: 'text/plain' }],
  }));
};

const registerQuestions = (server: McpServer): void => {
  server.registerTool(
    'bridge_form',
    { description: 'Asks for a form', inputSchema: z.object({ message: z.string() }) },
    ({ message }, { mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, 'form');
      if (answer.kind === 'elicit') return text({ action: answer.action, content: answer.content });
      const requestedSchema = {
        type: 'object' as const,
        properties: {
          who: { type: 'string' as const, title: 'Who', minLength: 1 },
          often: { type: 'integer' as const, minimum: 1, maximum: 9 },
          sure: { type: 'boolean' as const },
        },
        required: ['who'],
      };
      return inputRequired({ inputRequests: { form: inputRequired.elicit({ message, requestedSchema }) } });
    },
  );
  server.registerTool('bridge_url', { description: 'Sends the user to a page' }, ({ mcpReq }) => {
    const answer = inputResponse(mcpReq.inputResponses, 'page');
    if (answer.kind === 'elicit') return text({ action: answer.action });
    const page = { message: 'Please sign in', url: 'https://example.com/sign-in' };
    return inputRequired({ inputRequests: { page: inputRequired.elicitUrl(page) } });
  });
};

const registerResources = (server: McpServer): void => {
  const read = (uri: URL) => ({
    contents: [{ uri: uri.href, mimeType: 'text/plain', text: `At ${uri.href}` }],
  });
  for (let at = 0; at < MANY; at += 1)
    server.registerResource(`item ${at}`, `bridge://item/${at}`, { mimeType: 'text/plain' }, read);
  const template = new ResourceTemplate('bridge://city/{name}', {
    list: undefined,
    complete: { name: (typed) => ['Rome', 'Rouen', 'Oslo'].filter((name) => name.startsWith(typed)) },
  });
  server.registerResource('city', template, { description: 'A city' }, read);
  const language = completable(z.string(), (typed) =>
    ['en', 'es', 'de'].filter((known) => known.startsWith(typed)),
  );
  server.registerPrompt('bridge_greet', { title: 'Greet', argsSchema: z.object({ language }) }, (args) => ({
    description: 'A greeting',
    messages: [{ role: 'assistant', content: { type: 'text', text: `Greet in ${args.language}` } }],
  }));
};
