/** Arguments whose names are written with escapes: policies see what the upstream does. */
import { expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { reply, startHttpApi } from '../support/http-api.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

/** Calls a tool with arguments that are written just so. */
const callWith = async (gateway: TestGateway, name: string, argumentsText: string): Promise<string> => {
  const params = { name, arguments: 'HERE' };
  const response = await fetch(gateway.url(), {
    method: 'POST',
    headers: modernHeaders('tools/call', params, {}),
    body: modernBody('tools/call', params).replace('"HERE"', argumentsText),
  });
  return response.text();
};

it('no argument is hidden from a policy by the names of others', async () => {
  const upstream = await startToolUpstream('files', ['read']);
  const yaml = configuration(
    { files: upstream.url },
    {
      server: { policies: ['no_etc'] },
      policies: { no_etc: { type: 'cel', deny: "has(args.path) && args.path.startsWith('/etc')" } },
    },
  );
  await using gateway = await startTestGateway(yaml, { tap: false });
  const call = (argumentsText: string) => callWith(gateway, 'read', argumentsText);
  for (let times = 0; times < 3; times += 1)
    expect(await call('{"mode":1,"\\\\u00":"/etc/shadow"}')).toContain('"result"');
  expect(upstream.calls).toBe(3);
  for (const path of ['"path"', '"\\u0070ath"', '"pat\\u0068"'])
    expect(await call(`{"mode":1,${path}:"/etc/shadow"}`)).toContain('policy_denied');
  expect(await call('{"hidden":{"mode":1,"pat\\\\":1},"mode":1,"pat\\u0068":"/etc/shadow"}')).toContain(
    'policy_denied',
  );
  expect(upstream.calls).toBe(3);
  await upstream.close();
});

it('an API is asked with every argument that a policy has seen', async () => {
  await using api = await startHttpApi(reply(200, 'found'));
  const query = (name: string) => ({ name, in: 'query', schema: { type: 'string' } });
  const find = { operationId: 'find', parameters: [query('mode'), query('team')], responses: {} };
  const document = {
    openapi: '3.1.0',
    info: { title: 'a', version: '1' },
    paths: { '/find': { get: find } },
  };
  const yaml = JSON.parse(
    configuration(
      {},
      {
        expose: [{ upstream: 'api' }],
        server: { policies: ['own_team'] },
        policies: { own_team: { type: 'cel', deny: "!has(args.team) || args.team != 'mine'" } },
      },
    ),
  );
  yaml.upstreams.api = {
    type: 'openapi',
    spec: './api.json',
    baseUrl: api.origin,
    egress: { allow: ['127.0.0.0/8'] },
  };
  const files = { 'api.json': JSON.stringify(document) };
  await using gateway = await startTestGateway(JSON.stringify(yaml), { tap: false, files });
  for (let times = 0; times < 3; times += 1)
    expect(await callWith(gateway, 'find', '{"mode":"a","\\\\u00":"b"}')).toContain('policy_denied');
  expect(await callWith(gateway, 'find', '{"mode":"a","\\u0074eam":"mine"}')).toContain('found');
  expect(api.seen.map(({ url }) => url)).toEqual(['/find?mode=a&team=mine']);
});
