import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { toolNames } from '../support/modern-client.ts';
import { scrape } from '../support/scrape.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

/** What is promised from a save to the first reply of the new graph. */
const RELOAD_BUDGET_MS = 500;
const SUCCESSFUL = 'gatewright_config_last_reload_successful';

let upstream: FastUpstream;

beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['issue']);
});
afterAll(() => upstream.close());

/** A graph that shows the upstream's tool under a name that begins so. */
const graph = (prefix: string): string =>
  configuration({ tracker: upstream.url }, { expose: [{ upstream: 'tracker', prefix }] });

const start = (): Promise<TestGateway> => startTestGateway(graph('one_'));

/** Milliseconds from the end of the change until a client meets the new graph. */
const timeToServe = async (
  gateway: TestGateway,
  prefix: string,
  change: () => Promise<void>,
): Promise<number> => {
  await change();
  const changedMs = performance.now();
  await expect
    .poll(() => toolNames(gateway.url()), { interval: 5, timeout: 5_000 })
    .toEqual([`${prefix}issue`]);
  return performance.now() - changedMs;
};

/** What a kubelet does: a new folder, then one rename of the link that leads to it. */
const swapConfigMap = async (folder: string, version: string, text: string): Promise<void> => {
  await mkdir(join(folder, `..${version}`));
  await writeFile(join(folder, `..${version}`, 'gateway.yaml'), text);
  await symlink(`..${version}`, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
};

describe('a client meets the new graph within 500 ms', () => {
  it('of a save in place', async () => {
    await using gateway = await start();
    for (const prefix of ['two_', 'three_'])
      expect(await timeToServe(gateway, prefix, () => gateway.write(graph(prefix)))).toBeLessThan(
        RELOAD_BUDGET_MS,
      );
  });

  it('of a rename over the file', async () => {
    await using gateway = await start();
    for (const prefix of ['two_', 'three_']) {
      const elapsedMs = await timeToServe(gateway, prefix, async () => {
        await gateway.writeBeside('gateway.yaml.new', graph(prefix));
        await rename(`${gateway.file}.new`, gateway.file);
      });
      expect(elapsedMs).toBeLessThan(RELOAD_BUDGET_MS);
    }
  });

  it('of a swap of a ConfigMap', async () => {
    await using gateway = await start();
    const { folder, file } = gateway;
    // The file becomes what a ConfigMap volume holds, which is a change of its own.
    await timeToServe(gateway, 'two_', async () => {
      await swapConfigMap(folder, '1', graph('two_'));
      await symlink('..data/gateway.yaml', `${file}.link`);
      await rename(`${file}.link`, file);
    });
    for (const [version, prefix] of [
      ['2', 'three_'],
      ['3', 'four_'],
    ] as const) {
      const elapsedMs = await timeToServe(gateway, prefix, () =>
        swapConfigMap(folder, version, graph(prefix)),
      );
      expect(elapsedMs).toBeLessThan(RELOAD_BUDGET_MS);
    }
  });

  it('of the return of a file that was deleted', async () => {
    await using gateway = await start();
    await rm(gateway.file);
    await expect.poll(() => gateway.gateway.lastReload?.result).toBe('rejected');
    expect(await toolNames(gateway.url())).toEqual(['one_issue']);
    const elapsedMs = await timeToServe(gateway, 'two_', () => gateway.write(graph('two_')));
    expect(elapsedMs).toBeLessThan(RELOAD_BUDGET_MS);
  });
});

interface Status {
  readonly artifactHash: string;
  readonly lastReload: { readonly result: string; readonly diagnostics: unknown };
}

const statusOf = async ({ opsUrl }: TestGateway): Promise<Status> =>
  (await (await fetch(`${opsUrl}/-/status`)).json()) as Status;

describe('a broken file', () => {
  it('leaves the running graph untouched and is told in log, status and metrics until it is mended', async () => {
    await using gateway = await start();
    const { artifactHash } = await statusOf(gateway);
    expect((await scrape(gateway.opsUrl)).get(SUCCESSFUL)).toBe(1);

    await gateway.write(graph('two_').replace('"expose"', '"expoze"'));
    await expect.poll(() => gateway.gateway.lastReload?.result).toBe('rejected');
    expect(await toolNames(gateway.url())).toEqual(['one_issue']);
    const status = await statusOf(gateway);
    expect(status.artifactHash).toBe(artifactHash);
    expect(status.lastReload.result).toBe('rejected');
    expect(JSON.stringify(status.lastReload.diagnostics)).toContain('expoze');
    expect((await scrape(gateway.opsUrl)).get(SUCCESSFUL)).toBe(0);
    expect(await gateway.log()).toMatch(/"level":"error".*"result":"rejected".*expoze/);

    await timeToServe(gateway, 'two_', () => gateway.write(graph('two_')));
    expect((await scrape(gateway.opsUrl)).get(SUCCESSFUL)).toBe(1);
  });
});
