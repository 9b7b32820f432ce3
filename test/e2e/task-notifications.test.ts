import { expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { type FastUpstream, startFastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { makeSigningKey, mint, type SigningKey } from '../support/issuer.ts';
import { openListen } from '../support/listen-client.ts';
import { callTool } from '../support/modern-client.ts';

const TASKS = 'io.modelcontextprotocol/tasks';
const META = { 'io.modelcontextprotocol/serverInfo': { name: 'jobs', version: '1.0.0' } };
const CAPABILITIES = { extensions: { [TASKS]: {} } };
const ISSUER = 'https://id.test.example';

interface Jobs extends AsyncDisposable {
  readonly upstream: FastUpstream;
  /** Tells all listeners of a task by the upstream's id. */
  tell(taskId: string, status: string): void;
  /** The filters that streams were opened with. */
  readonly filters: { readonly taskIds?: readonly string[] }[];
}

/** An upstream whose calls all become tasks, and which tells of them. */
const startJobs = async (): Promise<Jobs> => {
  const upstream = await startFastUpstream({ eras: ['modern'] });
  const streams = new Map<object, (message: object) => void>();
  const filters: Jobs['filters'] = [];
  let created = 0;
  const answer = (result: object) => ({ resultType: 'complete', _meta: META, ...result });
  upstream.on('server/discover', ({ message, response }) => {
    const capabilities = { tools: {}, extensions: { [TASKS]: {} } };
    const result = answer({
      supportedVersions: ['2026-07-28'],
      capabilities,
      ttlMs: 0,
      cacheScope: 'private',
    });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
  });
  upstream.on('tools/list', ({ message, response }) => {
    const tools = [{ name: 'run', inputSchema: { type: 'object' } }];
    const result = answer({ tools, ttlMs: 0, cacheScope: 'private' });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
  });
  upstream.behave(({ message, response }) => {
    created += 1;
    const times = { createdAt: '2026-11-23T00:00:00Z', lastUpdatedAt: '2026-11-23T00:00:00Z', ttlMs: null };
    const result = answer({ resultType: 'task', taskId: `job-${created}`, status: 'working', ...times });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
  });
  upstream.on('subscriptions/listen', ({ message, response }) => {
    const notifications = message.params?.notifications as Jobs['filters'][number];
    const _meta = { 'io.modelcontextprotocol/subscriptionId': message.id };
    const send = (sent: { method: string; params: object }): void => {
      const params = { ...sent.params, _meta };
      response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method: sent.method, params })}\n\n`);
    };
    filters.push(notifications);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    send({ method: 'notifications/subscriptions/acknowledged', params: { notifications } });
    streams.set(response, (params) => send({ method: 'notifications/tasks', params }));
    response.once('close', () => streams.delete(response));
  });
  return {
    upstream,
    filters,
    tell: (taskId, status) => {
      const inputRequests = { ask: { method: 'sampling/createMessage', params: {} } };
      for (const send of streams.values()) send({ taskId, status, inputRequests });
    },
    [Symbol.asyncDispose]: () => upstream.close(),
  };
};

const startGateway = (jobs: Jobs, key: SigningKey, over: object = {}): Promise<TestGateway> => {
  const identity = { staff: { type: 'jwt', issuer: ISSUER, jwksFile: './jwks.json' } };
  const files = { 'jwks.json': JSON.stringify({ keys: [key.publicJwk] }) };
  const server = { identity: ['staff'] };
  // What a task's notification looks like is told by no schema of the protocol.
  return startTestGateway(configuration({ jobs: jobs.upstream.url }, { identity, server, ...over }), {
    files,
    tap: false,
  });
};

const optionsFor = async (gateway: TestGateway, key: SigningKey, sub: string) => {
  const seconds = Math.floor(Date.now() / 1000);
  const claims = { iss: ISSUER, sub, aud: gateway.audience(), iat: seconds, exp: seconds + 300 };
  return { token: await mint(key, claims), capabilities: CAPABILITIES };
};

it('a client hears of its tasks by the ids that it knows, and of nobody else’s', async () => {
  await using jobs = await startJobs();
  const key = await makeSigningKey('ES256', 'k1');
  await using gateway = await startGateway(jobs, key);
  const [alice, bob] = [await optionsFor(gateway, key, 'alice'), await optionsFor(gateway, key, 'bob')];
  const hers = (await callTool(gateway.url(), 'run', {}, alice)).body.result.taskId as string;
  const his = (await callTool(gateway.url(), 'run', {}, bob)).body.result.taskId as string;

  const aliceHears = await openListen(gateway.url(), { taskIds: [hers, his, 'job-1'] }, alice);
  const bobHears = await openListen(gateway.url(), { taskIds: [his] }, bob);
  expect(aliceHears.honoured).toEqual({ taskIds: [hers] });
  expect(bobHears.honoured).toEqual({ taskIds: [his] });
  expect(jobs.filters.at(-1)).toEqual({ taskIds: ['job-1', 'job-2'] });

  jobs.tell('job-2', 'completed');
  jobs.tell('job-1', 'failed');
  const isTask = ({ method }: { method?: string }) => method === 'notifications/tasks';
  const heard = (await aliceHears.message(isTask)).params;
  expect(heard).toMatchObject({ taskId: hers, status: 'failed' });
  expect(heard).not.toHaveProperty('inputRequests');
  expect((await bobHears.message(isTask)).params).toMatchObject({ taskId: his, status: 'completed' });
  aliceHears.close();
  bobHears.close();
});

it('a client that declares no tasks, or whose tool is denied to it by now, hears of none', async () => {
  await using jobs = await startJobs();
  const key = await makeSigningKey('ES256', 'k1');
  await using gateway = await startGateway(jobs, key);
  const alice = await optionsFor(gateway, key, 'alice');
  const { taskId } = (await callTool(gateway.url(), 'run', {}, alice)).body.result;
  const plain = await openListen(gateway.url(), { taskIds: [taskId] }, { token: alice.token });
  expect(plain.honoured).toEqual({});
  plain.close();

  const identity = { staff: { type: 'jwt', issuer: ISSUER, jwksFile: './jwks.json' } };
  const policies = { no: { type: 'cel', deny: "tool.name == 'run'" } };
  const server = { identity: ['staff'], policies: ['no'] };
  const denied = configuration({ jobs: jobs.upstream.url }, { identity, policies, server });
  expect((await gateway.load(denied)).result).toBe('applied');
  const after = await openListen(gateway.url(), { taskIds: [taskId] }, alice);
  expect(after.honoured).toEqual({});
  after.close();
});
