/** What the asking server offers, over whatever transport. */
import { type EventEmitter, once } from 'node:events';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CompleteRequestSchema,
  type ServerNotification,
  type ServerRequest,
  UrlElicitationRequiredError,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

/**
 * `executed` and `cancelled` with a tool's name, when a call of it begins and when one is taken back; `go` lets the
 * tools go on that wait for it.
 */
export type AskingEvents = EventEmitter<{ executed: [string]; cancelled: [string]; go: [] }>;

interface Surroundings {
  readonly events: AskingEvents;
  readonly visited: ReadonlySet<string>;
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const text = (value: unknown) => ({
  content: [{ type: 'text' as const, text: typeof value === 'string' ? value : JSON.stringify(value) }],
});

const FORM = { type: 'object', properties: { name: { type: 'string' } } } as const;

/** Asks for a name, and tells what came of it. */
const askName = (extra: Extra, message: string): Promise<unknown> =>
  extra
    .sendRequest({ method: 'elicitation/create', params: { message, requestedSchema: FORM } }, z.any())
    .catch((error: { code?: number }) => ({ refused: error.code }));

type Tool = (args: Readonly<Record<string, unknown>>, extra: Extra, server: McpServer) => unknown;

const tools = ({ events, visited }: Surroundings): Readonly<Record<string, Tool>> => ({
  order: (args, extra) => askName(extra, `Who orders ${args.item}?`),
  rounds: async (args, extra) => {
    const answers: unknown[] = [];
    for (let round = 1; round <= Number(args.n); round += 1)
      answers.push(await askName(extra, `Round ${round}`));
    return answers;
  },
  together: (args, extra) =>
    Promise.all(Array.from({ length: Number(args.n) }, (_, at) => askName(extra, `Question ${at}`))),
  later: async (_args, extra) => {
    const first = askName(extra, 'First');
    await once(events, 'go');
    return Promise.all([first, askName(extra, 'Second')]);
  },
  hasty: async (_args, extra) => {
    void askName(extra, 'Never mind');
    await once(events, 'go');
    return 'did not wait';
  },
  noisy: async (_args, extra) => {
    const progressToken = extra._meta?.progressToken;
    const tell = async (progress: number): Promise<void> => {
      if (progressToken !== undefined)
        await extra.sendNotification({
          method: 'notifications/progress',
          params: { progressToken, progress },
        });
      await extra.sendNotification({
        method: 'notifications/message',
        params: { level: 'error', data: progress },
      });
    };
    await tell(1);
    const asked = askName(extra, 'While I talk');
    await once(events, 'go');
    await tell(2);
    const answer = await asked;
    await tell(3);
    return answer;
  },
  unrelated: (_args, _extra, server) =>
    server.server
      .elicitInput({ mode: 'form', message: 'Outside any stream', requestedSchema: FORM })
      .catch((error: { code?: number }) => ({ refused: error.code })),
  roots: (_args, extra) =>
    extra
      .sendRequest({ method: 'roots/list' }, z.any())
      .catch((error: { code?: number }) => ({ refused: error.code })),
  link: (args) => {
    const urls = (args.urls as string[]).filter((url) => !visited.has(url));
    if (urls.length === 0) return 'linked';
    throw new UrlElicitationRequiredError(
      urls.map((url, at) => ({
        mode: 'url' as const,
        elicitationId: `e${at}`,
        url,
        message: `Go to ${url}`,
      })),
    );
  },
});

export const buildAskingServer = (surroundings: Surroundings): McpServer => {
  const { events } = surroundings;
  const server = new McpServer(
    { name: 'asking', version: '1.0.0' },
    { capabilities: { logging: {}, completions: {} } },
  );
  for (const [name, run] of Object.entries(tools(surroundings)))
    server.registerTool(name, { inputSchema: z.looseObject({}) }, async (args, extra) => {
      events.emit('executed', name);
      extra.signal.addEventListener('abort', () => events.emit('cancelled', name));
      const answer = await run(args, extra, server);
      return text(answer);
    });
  server.registerPrompt('greet', { argsSchema: {} }, async (_args, extra) => ({
    messages: [
      { role: 'user', content: { type: 'text', text: JSON.stringify(await askName(extra, 'Whom?')) } },
    ],
  }));
  server.registerResource('note', 'note://one', {}, async (uri, extra) => ({
    contents: [{ uri: uri.href, text: JSON.stringify(await askName(extra, 'Whose note?')) }],
  }));
  server.server.setRequestHandler(CompleteRequestSchema, async (_request, extra) => ({
    completion: { values: [JSON.stringify(await askName(extra, 'Complete what?'))] },
  }));
  return server;
};
