import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolResultSchema,
  CreateTaskResultSchema as CREATED,
  ElicitRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { recordStdio, type StdioRecord } from '../../support/stdio-record.ts';
import { everythingOverStdio } from './official-servers.ts';
import { type LegacyTasks, startLegacyTasks } from './upstreams/legacy-tasks.ts';

let record: StdioRecord;
let tasks: LegacyTasks;
let gateway: TestGateway;
beforeAll(async () => {
  [record, tasks] = await Promise.all([recordStdio(), startLegacyTasks()]);
  const at = (path: string) => [{ listener: 'main', path }];
  gateway = await startTestGateway(
    configuration(
      {},
      {
        servers: {
          everything: { at: at('/everything'), anonymous: true, expose: [{ upstream: 'everything' }] },
          tasks: { at: at('/tasks'), anonymous: true, expose: [{ upstream: 'tasks', prefix: 't_' }] },
          off: {
            at: at('/off'),
            anonymous: true,
            expose: [{ upstream: 'tasks' }],
            features: { tasks: false },
          },
        },
        upstreams: {
          everything: everythingOverStdio(record, { isolation: 'per-session' }),
          tasks: { type: 'http', endpoints: [tasks.url] },
        },
      },
    ),
  );
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([record.close(), tasks[Symbol.asyncDispose]()]);
});

const connect = async (server: string): Promise<Client> => {
  const client = new Client({ name: 'v1-client', version: '1.0.0' }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, () => ({
    action: 'accept',
    content: { interpretation: 'snake' },
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url(server))) as Transport);
  return client;
};

const call = async (client: Client, name: string, args: Record<string, unknown>) => {
  const messages = [];
  const stream = client.experimental.tasks.callToolStream({ name, arguments: args }, CallToolResultSchema, {
    task: { ttl: 60_000 },
  });
  for await (const message of stream) messages.push(message);
  const created = messages.find(({ type }) => type === 'taskCreated') as
    | { task: { taskId: string } }
    | undefined;
  const last = messages.at(-1) as { type: string; result?: { content: { text: string }[]; _meta?: object } };
  return { taskId: created?.task.taskId ?? '', last };
};

describe('tasks of a session', () => {
  it('are created, followed and asked for input by the ids that the client was given', async () => {
    const client = await connect('everything');
    expect(client.getServerCapabilities()?.tasks).toMatchObject({ requests: { tools: { call: {} } } });
    await expect
      .poll(async () => (await client.listTools()).tools.map(({ name }) => name))
      .toContain('simulate-research-query');
    const { taskId, last } = await call(client, 'simulate-research-query', {
      topic: 'python',
      ambiguous: true,
    });
    expect(last.type).toBe('result');
    expect(last.result?.content[0]?.text).toContain('python (snake)');
    expect(await client.experimental.tasks.getTask(taskId)).toMatchObject({ taskId, status: 'completed' });
    const { tasks: listed } = await client.experimental.tasks.listTasks();
    expect(listed.map((task) => task.taskId)).toEqual([taskId]);
    await client.close();
  });

  it('name themselves in their result by the id that the client knows', async () => {
    const client = await connect('tasks');
    const { taskId, last } = await call(client, 't_report', { note: 'sales' });
    expect(last.result?.content[0]?.text).toBe('report on sales');
    expect(last.result?._meta).toEqual({ 'io.modelcontextprotocol/related-task': { taskId } });
    expect(tasks.ids()).not.toContain(taskId);
    await client.close();
  });

  it('are cancelled at their upstream', async () => {
    const client = await connect('tasks');
    const params = { name: 't_report', arguments: { note: 'endless' }, task: { ttl: 60_000 } };
    const created = await client.request({ method: 'tools/call', params }, CREATED);
    const { taskId } = created.task;
    expect(await client.experimental.tasks.cancelTask(taskId)).toMatchObject({ taskId, status: 'cancelled' });
    expect(await client.experimental.tasks.getTask(taskId)).toMatchObject({ taskId, status: 'cancelled' });
    await client.close();
  });

  it('do not exist where the ceiling leaves them out', async () => {
    const client = await connect('off');
    expect(client.getServerCapabilities()?.tasks).toBeUndefined();
    await expect(client.experimental.tasks.listTasks()).rejects.toThrow();
    await client.close();
  });
});
