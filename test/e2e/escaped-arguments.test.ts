/** Arguments whose names are written with escapes: policies see what the upstream does. */
import { expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { startTestGateway } from '../support/gateway.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

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
  const call = async (argumentsText: string): Promise<string> => {
    const params = { name: 'read', arguments: 'HERE' };
    const response = await fetch(gateway.url(), {
      method: 'POST',
      headers: modernHeaders('tools/call', params, {}),
      body: modernBody('tools/call', params).replace('"HERE"', argumentsText),
    });
    return response.text();
  };
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
