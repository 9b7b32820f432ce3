import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { toolNames } from '../support/modern-client.ts';
import { StartedGateway } from '../support/started-gateway.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

// Each starts the program anew.
vi.setConfig({ testTimeout: 60_000 });

let upstream: FastUpstream;
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterAll(() => upstream.close());

const marked = (prefix: string, watch: boolean): string =>
  configuration({ tracker: upstream.url }, { expose: [{ upstream: 'tracker', prefix }], reload: { watch } });

/** Paths that the kernel tells the gateway of changes of. */
const watches = ({ pid }: StartedGateway): number =>
  readdirSync(`/proc/${pid}/fdinfo`)
    .map((fd) => {
      try {
        return readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8').match(/^inotify /gm)?.length ?? 0;
      } catch {
        return 0;
      }
    })
    .reduce((sum, count) => sum + count, 0);

describe('watching that the configuration turns off', () => {
  it('never begins, and begins and ends with the reload that says so', async () => {
    await using gateway = await StartedGateway.start(marked('a_', false));
    expect(watches(gateway)).toBe(0);
    const names = () => toolNames(gateway.url);

    expect((await gateway.load(marked('b_', true))).result).toBe('applied');
    await expect.poll(() => watches(gateway)).toBeGreaterThan(0);
    await gateway.write(marked('c_', true));
    await expect.poll(names, { timeout: 10_000 }).toEqual(['c_get_issue']);

    await gateway.write(marked('d_', false));
    await expect.poll(names, { timeout: 10_000 }).toEqual(['d_get_issue']);
    await expect.poll(() => watches(gateway)).toBe(0);
    await gateway.write(marked('e_', false));
    expect(await names()).toEqual(['d_get_issue']);
    expect((await gateway.reload()).result).toBe('applied');
    expect(await names()).toEqual(['e_get_issue']);
  });

  it('goes on while the file that turns it off has errors', async () => {
    await using gateway = await StartedGateway.start(marked('a_', true));
    await expect.poll(() => watches(gateway)).toBeGreaterThan(0);
    const broken = marked('b_', false).replace('"listeners"', '"listners"');
    expect((await gateway.load(broken)).result).toBe('rejected');
    await gateway.write(marked('c_', true));
    await expect.poll(() => toolNames(gateway.url), { timeout: 10_000 }).toEqual(['c_get_issue']);
  });
});

describe('SIGHUP', () => {
  it('loads the file as it is, where nothing watches it, and says of a broken one what is wrong', async () => {
    await using gateway = await StartedGateway.start(marked('a_', false));
    for (const prefix of ['b_', 'c_']) {
      await gateway.write(marked(prefix, false));
      gateway.cli.child.kill('SIGHUP');
      await expect.poll(() => toolNames(gateway.url), { timeout: 10_000 }).toEqual([`${prefix}get_issue`]);
    }
    await gateway.write('');
    gateway.cli.child.kill('SIGHUP');
    await gateway.cli.seen(/"cause":"signal".*GW0002.*configuration rejected/);
    expect(await toolNames(gateway.url)).toEqual(['c_get_issue']);
  });
});
