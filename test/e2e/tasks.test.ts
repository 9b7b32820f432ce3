import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { type Everything, startEverything } from '../support/everything/server.ts';
import { startTestGateway } from '../support/gateway.ts';
import { callTool, type ModernOptions, modernRequest } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const TASKS = { capabilities: { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } } };

let everything: Everything;
beforeAll(async () => {
  everything = await startEverything();
});
afterAll(() => everything.close());

const start = (over: Parameters<typeof configuration>[1] = {}) =>
  startTestGateway(configuration({ everything: everything.url }, over));

const about = (
  url: string,
  method: string,
  taskId: string,
  params: object = {},
  options: ModernOptions = TASKS,
) =>
  modernRequest(
    url,
    method,
    { taskId, ...params },
    { ...options, headers: { 'mcp-name': taskId, ...options.headers } },
  );

const until = async (url: string, taskId: string, status: string) => {
  for (;;) {
    const { body } = await about(url, 'tasks/get', taskId);
    if (body.result?.status === status) return body.result;
    expect(['working', 'input_required']).toContain(body.result?.status);
  }
};

describe('a call that goes on as a task', () => {
  it('is found again by the id that its client was given, until its result', async () => {
    await using gateway = await start();
    const { body } = await callTool(gateway.url(), 'failing_job', {}, TASKS);
    expect(body.result).toMatchObject({ resultType: 'task', status: 'working', pollIntervalMs: 200 });
    const { taskId } = body.result;
    const done = await until(gateway.url(), taskId, 'completed');
    expect(done).toMatchObject({ taskId, result: { isError: true, content: [{ text: 'The job failed.' }] } });
  });

  it('takes its input and goes on', async () => {
    await using gateway = await start();
    const { taskId } = (await callTool(gateway.url(), 'confirm_delete', { filename: 'a.txt' }, TASKS)).body
      .result;
    const asking = await until(gateway.url(), taskId, 'input_required');
    expect(asking.inputRequests.confirm).toMatchObject({ method: 'elicitation/create' });
    const inputResponses = { confirm: { action: 'accept', content: { confirm: true } } };
    const { body } = await about(gateway.url(), 'tasks/update', taskId, { inputResponses });
    expect(body.result).toEqual({ resultType: 'complete' });
    const done = await until(gateway.url(), taskId, 'completed');
    expect(done.result.content[0].text).toBe('a.txt: {"confirm":true}');
  });

  it('asks under the name of its upstream where there are several, and only what its client offers to answer', async () => {
    const other = await startToolUpstream('other', ['a']);
    await using _other = { [Symbol.asyncDispose]: () => other.close() };
    await using gateway = await startTestGateway(
      configuration({ everything: everything.url, other: other.url }),
    );
    const { taskId } = (await callTool(gateway.url(), 'confirm_delete', { filename: 'a.txt' }, TASKS)).body
      .result;
    const asking = await until(gateway.url(), taskId, 'input_required');
    expect(asking.inputRequests.confirm.params.message).toBe('[everything] Delete a.txt?');
    expect(asking.taskId).toBe(taskId);
    const { extensions } = TASKS.capabilities;
    for (const capabilities of [{ extensions }, { extensions, sampling: {}, elicitation: { url: {} } }]) {
      const { body } = await about(gateway.url(), 'tasks/get', taskId, {}, { capabilities });
      expect(body.error).toMatchObject({ data: { code: 'upstream_protocol' } });
      expect(JSON.stringify(body)).not.toContain('a.txt');
    }
    const inputResponses = { confirm: { action: 'accept', content: { confirm: true } } };
    await about(gateway.url(), 'tasks/update', taskId, { inputResponses });
    await until(gateway.url(), taskId, 'completed');
  });

  it('ends when it is cancelled', async () => {
    await using gateway = await start();
    const { taskId } = (await callTool(gateway.url(), 'slow_compute', { seconds: 60 }, TASKS)).body.result;
    expect((await about(gateway.url(), 'tasks/cancel', taskId)).body.result).toEqual({
      resultType: 'complete',
    });
    await until(gateway.url(), taskId, 'cancelled');
  });

  it('is that of a renamed tool under its new name', async () => {
    await using gateway = await start({
      expose: [{ upstream: 'everything', prefix: 'ev_', tools: { rename: { slow_compute: 'compute' } } }],
      server: { policies: ['only'] },
      policies: { only: { type: 'cel', allow: "tool.name == 'compute'" } },
    });
    const { body } = await callTool(gateway.url(), 'compute', { seconds: 0 }, TASKS);
    const done = await until(gateway.url(), body.result.taskId, 'completed');
    expect(done.result.content[0].text).toBe('Computed for 0 seconds.');
  });
});

describe('tasks', () => {
  it('are announced, and asked for with the capability only', async () => {
    await using gateway = await start();
    const { body } = await modernRequest(gateway.url(), 'server/discover');
    expect(body.result.capabilities.extensions).toEqual({ 'io.modelcontextprotocol/tasks': {} });
    const refused = await about(gateway.url(), 'tasks/get', 'x', {}, {});
    expect(refused.status).toBe(400);
    expect(refused.body.error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
    });
    expect((await about(gateway.url(), 'tasks/get', 'x')).body.error).toMatchObject({ code: -32602 });
  });

  it('do not exist where the ceiling leaves them out', async () => {
    await using gateway = await start({ server: { features: { tasks: false } } });
    const { body } = await modernRequest(gateway.url(), 'server/discover');
    expect(body.result.capabilities.extensions).toBeUndefined();
    const computed = await callTool(gateway.url(), 'slow_compute', { seconds: 0 }, TASKS);
    expect(computed.body.result).toMatchObject({ content: [{ text: 'Computed for 0 seconds.' }] });
    expect((await about(gateway.url(), 'tasks/get', 'x')).status).toBe(404);
    expect((await callTool(gateway.url(), 'failing_job', {}, TASKS)).body.error).toMatchObject({
      code: -32021,
    });
  });
});
