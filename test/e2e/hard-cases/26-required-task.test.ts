import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { recordStdio, type StdioRecord } from '../../support/stdio-record.ts';
import { everythingOverStdio } from '../clients/official-servers.ts';
import { type LegacyTasks, startLegacyTasks } from '../clients/upstreams/legacy-tasks.ts';

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
          tasks: { at: at('/tasks'), anonymous: true, expose: [{ upstream: 'tasks' }] },
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
  const client = new Client(
    { name: 'modern-client', version: '1.0.0' },
    { capabilities: { elicitation: {} }, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  client.setRequestHandler('elicitation/create', () => ({
    action: 'accept',
    content: { interpretation: 'snake' },
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url(server))));
  return client;
};

it('hard case 26: a modern client calls a tool that a legacy upstream runs as a task only, and gets its result', async () => {
  const client = await connect('tasks');
  const { tools } = await client.listTools();
  expect(tools).toMatchObject([{ name: 'report' }]);
  expect(JSON.stringify(tools)).not.toContain('taskSupport');
  const result = await client.callTool({ name: 'report', arguments: { note: 'sales' } });
  expect(result).toMatchObject({ content: [{ type: 'text', text: 'report on sales' }] });
  expect(JSON.stringify(result)).not.toContain('related-task');
  await client.close();
});

it('hard case 26: what such a task asks for reaches the client on its way', async () => {
  const client = await connect('everything');
  const names = async () => (await client.listTools()).tools.map(({ name }) => name);
  await expect.poll(names, { timeout: 15_000 }).toContain('simulate-research-query');
  const result = await client.callTool({
    name: 'simulate-research-query',
    arguments: { topic: 'python', ambiguous: true },
  });
  expect((result.content[0] as { text: string }).text).toContain('python (snake)');
  await client.close();
});

it('hard case 26: a client of a revision without tasks gets its result too', async () => {
  const session = await openSession(gateway.url('tasks'), {}, { version: '2025-06-18' });
  const params = { name: 'report', arguments: { note: 'sales' } };
  const { text } = await legacyRequest(gateway.url('tasks'), 'tools/call', params, session);
  expect(text).toContain('report on sales');
  expect(text).not.toContain('related-task');
});
