import { expect, it } from 'vitest';
import { lock } from '../../../cli/lock.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { startHttpApi } from '../../support/http-api.ts';
import { callTool, modernRequest, toolNames } from '../../support/modern-client.ts';

const operation = (operationId: string, summary = `Does ${operationId}.`) => ({
  operationId,
  summary,
  parameters: [{ name: 'q', in: 'query', schema: { type: 'string' } }],
  responses: {},
});

const FIVE = ['listThings', 'createThing', 'getThing', 'replaceThing', 'deleteThing'];

const documentOf = (summaryOfGet?: string): string => {
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
  return JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Things', version: '1' },
    paths: {
      '/things': { get: operation('listThings'), post: operation('createThing') },
      '/things/{id}': {
        parameters: [id],
        get: operation('getThing', summaryOfGet),
        put: operation('replaceThing'),
        delete: operation('deleteThing'),
      },
    },
  });
};

const lockIn = async ({ folder }: TestGateway): Promise<void> => {
  const tell = () => undefined;
  expect(await lock([], { out: tell, err: tell, env: {}, cwd: folder, color: false })).toBe(0);
};

it('[PLUG-05] five operations are five tools that nobody sees until they are locked; one that changes is hidden until it is locked anew', async () => {
  await using api = await startHttpApi();
  const yaml = `version: 1
listeners:
  main: { bind: "127.0.0.1:0" }
servers:
  main: { at: [{ listener: main }], anonymous: true, expose: [{ upstream: api }] }
upstreams:
  api:
    type: openapi
    spec: api.json
    baseUrl: ${api.origin}
    egress: { allow: [127.0.0.0/8] }
    trust: { tools: pinned }
`;
  await using gateway = await startTestGateway(yaml, { files: { 'api.json': documentOf() } });
  const url = gateway.url();
  const [warning] = gateway.gateway.lastReload!.diagnostics;
  expect(warning).toMatchObject({ code: 'GW7006', severity: 'warning' });
  expect(warning!.message).toContain('5 tools of upstream `api` are hidden');
  expect(await toolNames(url)).toEqual([]);
  const call = () => modernRequest(url, 'tools/call', { name: 'getThing', arguments: { id: '7' } });
  expect((await call()).body.error).toMatchObject({ data: { code: 'unknown_target' } });
  expect(api.seen).toEqual([]);

  await lockIn(gateway);
  await expect.poll(() => toolNames(url)).toHaveLength(5);
  expect([...(await toolNames(url))].sort()).toEqual([...FIVE].sort());
  const { body } = await callTool(url, 'getThing', { id: '7' });
  expect(body.result.isError ?? false).toBe(false);
  expect(api.seen.map((seen) => seen.url)).toEqual(['/things/7']);

  await gateway.writeBeside('api.json', documentOf('Does getThing, and tells everybody.'));
  await expect.poll(() => toolNames(url)).toHaveLength(4);
  expect(await toolNames(url)).not.toContain('getThing');
  expect((await call()).body.error).toMatchObject({ data: { code: 'unknown_target' } });
  expect(api.seen).toHaveLength(1);

  await lockIn(gateway);
  await expect.poll(() => toolNames(url)).toHaveLength(5);
  expect((await call()).body.result).toBeDefined();
});
