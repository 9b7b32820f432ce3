/** A server of 2025-11-25 with tasks that all of its sessions share: it leaves it to its client who may see which. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  CreateTaskRequestHandlerExtra,
  TaskRequestHandlerExtra,
} from '@modelcontextprotocol/sdk/experimental/tasks/interfaces.js';
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { z } from 'zod';

/** Tasks belong to no session. */
class SharedTaskStore extends InMemoryTaskStore {
  override createTask(...[params, id, request]: Parameters<InMemoryTaskStore['createTask']>) {
    return super.createTask(params, id, request);
  }
}

export interface LegacyTasks extends AsyncDisposable {
  readonly url: string;
  /** The upstream's own ids of all tasks. */
  ids(): readonly string[];
}

const buildServer = (store: InMemoryTaskStore): McpServer => {
  const tasks = { list: {}, cancel: {}, requests: { tools: { call: {} } } };
  const server = new McpServer(
    { name: 'legacy-tasks', version: '1.0.0' },
    { capabilities: { tools: {}, tasks }, taskStore: store },
  );
  const inputSchema = z.object({ note: z.string() });
  server.experimental.tasks.registerToolTask(
    'report',
    { inputSchema, execution: { taskSupport: 'required' } },
    {
      createTask: async (args: unknown, { taskStore }: CreateTaskRequestHandlerExtra) => {
        const { note } = args as { note: string };
        const task = await taskStore.createTask({ ttl: 60_000, pollInterval: 50 });
        const result = { content: [{ type: 'text' as const, text: `report on ${note}` }] };
        if (note !== 'endless') await taskStore.storeTaskResult(task.taskId, 'completed', result);
        return { task };
      },
      getTask: (_args: unknown, { taskId, taskStore }: TaskRequestHandlerExtra) => taskStore.getTask(taskId),
      getTaskResult: async (_args: unknown, { taskId, taskStore }: TaskRequestHandlerExtra) =>
        (await taskStore.getTaskResult(taskId)) as { content: [] },
    },
  );
  return server;
};

export const startLegacyTasks = async (): Promise<LegacyTasks> => {
  const store = new SharedTaskStore();
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void transports.set(id, transport),
    });
    await buildServer(store).connect(transport as Transport);
    return transport;
  };
  const server = createServer(async (request, response) => {
    const id = request.headers['mcp-session-id'];
    const transport = typeof id === 'string' ? transports.get(id) : await open();
    if (transport === undefined) response.writeHead(404).end();
    else await transport.handleRequest(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    ids: () => store.getAllTasks().map(({ taskId }) => taskId),
    [Symbol.asyncDispose]: async () => {
      for (const transport of transports.values()) await transport.close();
      store.cleanup();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
};
