import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliProcess } from '../support/cli-process.ts';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { toolNames } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterAll(() => upstream.close());

const marked = (prefix: string, watch: boolean): string =>
  configuration({ tracker: upstream.url }, { expose: [{ upstream: 'tracker', prefix }], reload: { watch } });

/** Paths that the kernel tells this process of changes of. */
const watches = (): number =>
  readdirSync('/proc/self/fdinfo')
    .map((fd) => {
      try {
        return readFileSync(join('/proc/self/fdinfo', fd), 'utf8').match(/^inotify /gm)?.length ?? 0;
      } catch {
        return 0;
      }
    })
    .reduce((sum, count) => sum + count, 0);

describe('watching that the configuration turns off', () => {
  it('never begins, and begins and ends with the reload that says so', async () => {
    const before = watches();
    await using gateway = await startTestGateway(marked('a_', false), { tap: false });
    expect(watches()).toBe(before);
    const names = () => toolNames(gateway.url());

    expect((await gateway.load(marked('b_', true))).result).toBe('applied');
    await expect.poll(watches).toBeGreaterThan(before);
    await gateway.write(marked('c_', true));
    await expect.poll(names, { timeout: 10_000 }).toEqual(['c_get_issue']);

    await gateway.write(marked('d_', false));
    await expect.poll(names, { timeout: 10_000 }).toEqual(['d_get_issue']);
    await expect.poll(watches).toBe(before);
    await gateway.write(marked('e_', false));
    expect(await names()).toEqual(['d_get_issue']);
    expect((await gateway.gateway.reload()).result).toBe('applied');
    expect(await names()).toEqual(['e_get_issue']);
  });

  it('goes on while the file that turns it off has errors', async () => {
    const before = watches();
    await using gateway = await startTestGateway(marked('a_', true), { tap: false });
    await expect.poll(watches).toBeGreaterThan(before);
    const broken = marked('b_', false).replace('"listeners"', '"listners"');
    expect((await gateway.load(broken)).result).toBe('rejected');
    await gateway.write(marked('c_', true));
    await expect.poll(() => toolNames(gateway.url()), { timeout: 10_000 }).toEqual(['c_get_issue']);
  });
});

describe('SIGHUP', () => {
  it('loads the file as it is, where nothing watches it, and says of a broken one what is wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-hangup-'));
    const file = join(folder, 'gateway.yaml');
    await writeFile(file, marked('a_', false));
    const cli = new CliProcess(['run', file]);
    try {
      const [, url] = await cli.seen(/main +(http\S+)/);
      for (const prefix of ['b_', 'c_']) {
        await writeFile(file, marked(prefix, false));
        cli.child.kill('SIGHUP');
        await expect.poll(() => toolNames(url!), { timeout: 10_000 }).toEqual([`${prefix}get_issue`]);
      }
      await writeFile(file, '');
      cli.child.kill('SIGHUP');
      await cli.seen(/"cause":"signal".*GW0002.*configuration rejected/);
      expect(await toolNames(url!)).toEqual(['c_get_issue']);
    } finally {
      await cli.close();
      await rm(folder, { recursive: true });
    }
  });
});
