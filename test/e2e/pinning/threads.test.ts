import { expect, it, vi } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { lockOf } from '../../support/lock-of.ts';
import { toolNames } from '../../support/modern-client.ts';
import { startOfferingUpstream, toolsNamed } from '../../support/offering-upstream.ts';
import { scrape } from '../../support/scrape.ts';

// Each thread loads the program anew.
vi.setConfig({ testTimeout: 120_000 });

it('what any thread was offered otherwise than it is locked is told by status and metrics', async () => {
  await using one = await startOfferingUpstream('one', { tools: toolsNamed('read', 'stat'), ttlMs: 0 });
  const yaml = configuration({ files: one.url }, { workers: 2, upstream: { trust: { tools: 'pinned' } } });
  await using gateway = await startTestGateway(yaml, {
    tap: false,
    files: { 'gateway.lock': lockOf({ files: { tools: toolsNamed('read') } }) },
  });
  expect(await toolNames(gateway.url())).toEqual(['read']);
  const status = (await (await fetch(`${gateway.opsUrl}/-/status`)).json()) as { pinned: object };
  expect(status.pinned).toMatchObject({ files: [{ kind: 'tools', name: 'stat', problem: 'unlocked' }] });
  const series = 'gatewright_pinned_differences{upstream="files",kind="tools"}';
  expect((await scrape(gateway.opsUrl)).get(series)).toBe(1);
});
