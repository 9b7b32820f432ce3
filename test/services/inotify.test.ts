import { spawnSync } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CliProcess } from '../support/cli-process.ts';
import { configuration } from '../support/configuration.ts';
import { toolNames } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const UNSHARE = 'unshare';
const IN_ANOTHER_NAMESPACE = ['--user', '--map-root-user'];
/** A namespace in which nobody gets an event of a file: not one watch is left. */
const WITHOUT_WATCHES = [
  UNSHARE,
  ...IN_ANOTHER_NAMESPACE,
  'sh',
  '-c',
  'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"',
  'sh',
];
const canUnshare = spawnSync(UNSHARE, [...IN_ANOTHER_NAMESPACE, 'true']).status === 0;

it.skipIf(!canUnshare)(
  'files are compared where the system has no watches left, and the log says so',
  async () => {
    const upstream = await startToolUpstream('tracker', ['get_issue']);
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-inotify-'));
    const file = join(folder, 'gateway.yaml');
    const save = async (prefix: string): Promise<void> => {
      await writeFile(
        `${file}.new`,
        configuration({ tracker: upstream.url }, { expose: [{ upstream: 'tracker', prefix }] }),
      );
      await rename(`${file}.new`, file);
    };
    await save('v0_');
    const cli = new CliProcess(['run', file], { within: WITHOUT_WATCHES });
    try {
      const [, url] = await cli.seen(/main +(http\S+)/);
      await cli.seen(/watching failed, trying again/);
      for (const prefix of ['v1_', 'v2_', 'v3_']) {
        await save(prefix);
        await expect.poll(() => toolNames(url!), { timeout: 15_000 }).toEqual([`${prefix}get_issue`]);
      }
    } finally {
      await cli.close();
      await upstream.close();
      await rm(folder, { recursive: true });
    }
  },
  60_000,
);
