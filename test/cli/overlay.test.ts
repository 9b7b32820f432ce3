import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliProcess } from '../support/cli-process.ts';
import { namedConfiguration } from '../support/named-configuration.ts';

let folder: string;
const started: CliProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-overlay-'));
  await writeFile(join(folder, 'gateway.yaml'), namedConfiguration('base'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((cli) => cli.close()));
  await rm(folder, { recursive: true });
});

const cli = (...args: string[]): CliProcess => {
  const process = new CliProcess(args, { cwd: folder });
  started.push(process);
  return process;
};

const over = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);

describe('--overlay', () => {
  it('is laid over what check compiles, with findings at its place', async () => {
    await over('prod.yaml', 'upstreams: { flies: { type: http } }\n');
    const checked = cli('check', '--overlay', 'prod.yaml');
    expect(await checked.exited()).toBe(1);
    expect(checked.out).toContain('--> prod.yaml:1:14');
  });

  it.each([['relative'], ['absolute']])(
    'is laid over what is served, and watched: %s main file',
    async (how) => {
      const main = how === 'absolute' ? join(folder, 'gateway.yaml') : 'gateway.yaml';
      await over('prod.yaml', 'servers: { tools: { at: [{ listener: local, path: /prod }] } }\n');
      await over('last.yaml', 'name: last\n');
      const running = cli('run', main, '--overlay', 'prod.yaml', '--overlay', 'last.yaml');
      const [, origin] = await running.seen(/(http:\/\/127\.0\.0\.1:\d+)\/prod/);
      await over('prod.yaml', 'servers: { tools: { at: [{ listener: local, path: /changed }] } }\n');
      const status = async () => (await fetch(`${origin}/changed`, { method: 'POST' })).status;
      await expect.poll(status, { timeout: 10_000, interval: 20 }).not.toBe(404);
    },
  );

  it('without a file is wrong usage', async () => {
    const checked = cli('check', '--overlay');
    expect(await checked.exited()).toBe(2);
    expect(checked.err).toContain('usage: gatewright check');
  });
});
