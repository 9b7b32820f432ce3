import { afterAll, beforeAll, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { type Everything, startEverything } from '../../support/everything/server.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { makeSigningKey, mint, type SigningKey } from '../../support/issuer.ts';
import { callTool, modernRequest } from '../../support/modern-client.ts';

const ISSUER = 'https://id.test.example';
const CAPABILITIES = { extensions: { 'io.modelcontextprotocol/tasks': {} } };

let key: SigningKey;
let everything: Everything;
beforeAll(async () => {
  key = await makeSigningKey('ES256', 'k1');
  everything = await startEverything();
});
afterAll(() => everything.close());

const start = (over: Parameters<typeof configuration>[1] = {}): Promise<TestGateway> => {
  const identity = { staff: { type: 'jwt', issuer: ISSUER, jwksFile: './jwks.json' } };
  return startTestGateway(
    configuration(
      { everything: everything.url },
      { identity, ...over, server: { identity: ['staff'], ...over.server } },
    ),
    { files: { 'jwks.json': JSON.stringify({ keys: [key.publicJwk] }) } },
  );
};

const tokenFor = (gateway: TestGateway, sub: string): Promise<string> => {
  const seconds = Math.floor(Date.now() / 1000);
  return mint(key, { iss: ISSUER, sub, aud: gateway.audience(), iat: seconds, exp: seconds + 300 });
};

const about = async (gateway: TestGateway, token: string, method: string, taskId: string) => {
  const options = { token, capabilities: CAPABILITIES, headers: { 'mcp-name': taskId } };
  const params = method === 'tasks/update' ? { taskId, inputResponses: {} } : { taskId };
  return (await modernRequest(gateway.url(), method, params, options)).body;
};

it('H4: a task id is of use to the principal that it was given to, and to nobody else', async () => {
  await using gateway = await start();
  const [alice, bob] = await Promise.all([tokenFor(gateway, 'alice'), tokenFor(gateway, 'bob')]);
  const options = { token: alice, capabilities: CAPABILITIES };
  const { taskId } = (await callTool(gateway.url(), 'slow_compute', { seconds: 60 }, options)).body.result;
  const arrived = () => everything.stats.messages['tasks/get'] ?? 0;
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
    expect((await about(gateway, bob, method, taskId)).error).toMatchObject({
      code: -32602,
      message: 'Unknown task',
    });
  expect(arrived()).toBe(0);
  expect((await about(gateway, alice, 'tasks/get', taskId)).result).toMatchObject({
    taskId,
    status: 'working',
  });
  expect(arrived()).toBe(1);
});

it('H4: a task id tells nothing, cannot be guessed or changed, and is not the upstream’s', async () => {
  await using gateway = await start();
  const token = await tokenFor(gateway, 'alice');
  const options = { token, capabilities: CAPABILITIES };
  const { taskId } = (await callTool(gateway.url(), 'slow_compute', { seconds: 60 }, options)).body.result;
  expect(Buffer.from(taskId, 'base64url').toString('latin1')).not.toMatch(/everything|slow_compute/);
  const changed = taskId.replace(/.$/, (last: string) => (last === 'A' ? 'E' : 'A'));
  const flipped = (taskId.startsWith('A') ? 'B' : 'A') + taskId.slice(1);
  for (const guess of [changed, flipped, taskId.slice(0, -4), '', 'task-1'])
    if (guess !== taskId && guess !== '')
      expect((await about(gateway, token, 'tasks/get', guess)).error).toMatchObject({ code: -32602 });
});

it('H4: a task is decided on by the rules of its tool at every request', async () => {
  const policies = { rule: { type: 'cel', deny: "tool.name == 'failing_job'" } };
  await using gateway = await start();
  const token = await tokenFor(gateway, 'alice');
  const options = { token, capabilities: CAPABILITIES };
  const { taskId } = (await callTool(gateway.url(), 'failing_job', {}, options)).body.result;
  expect((await about(gateway, token, 'tasks/get', taskId)).result).toMatchObject({ taskId });
  const identity = { staff: { type: 'jwt', issuer: ISSUER, jwksFile: './jwks.json' } };
  const tightened = configuration(
    { everything: everything.url },
    { identity, policies, server: { identity: ['staff'], policies: ['rule'] } },
  );
  expect((await gateway.load(tightened)).result).toBe('applied');
  expect((await about(gateway, token, 'tasks/get', taskId)).error).toMatchObject({ code: -32602 });
});
