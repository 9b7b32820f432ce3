import { expect, it, onTestFinished } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { startTestGateway } from '../support/gateway.ts';
import { callTool } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

it('[MON-06/status] the status tells how calls ended, where their time went, and what limits refused', async () => {
  const upstream = await startToolUpstream('tracker', ['echo']);
  onTestFinished(() => upstream.close());
  await using gateway = await startTestGateway(
    configuration(
      { tracker: upstream.url },
      { server: { limits: ['fair'] }, limits: { fair: { type: 'rate', rate: '10/d' } } },
    ),
  );
  const answers = [];
  for (let call = 0; call < 12; call += 1) answers.push((await callTool(gateway.url(), 'echo')).status);
  expect(answers.filter((status) => status === 200)).toHaveLength(10);
  const told = async () => JSON.parse(await (await fetch(`${gateway.opsUrl}/-/status`)).text());
  await expect.poll(async () => (await told()).tools.main?.echo.limited?.count).toBe(2);
  const { tools, stages, refused } = await told();
  expect(refused).toEqual({ fair: 2 });
  expect(tools.main.echo.ok.count).toBe(10);
  expect(tools.main.echo.ok.p99Ms).toBeGreaterThan(0);
  expect(Object.keys(stages.main)).toEqual(['identity', 'admission', 'upstream', 'reply']);
  expect(stages.main.upstream.count).toBe(10);
});
