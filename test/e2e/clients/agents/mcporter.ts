/** The command line of mcporter, one process for each request. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { joinTexts } from '../texts.ts';
import type { OpenAgent } from './agent.ts';

const CLI = fileURLToPath(new URL('../../../../node_modules/mcporter/dist/cli.js', import.meta.url));
const TIMEOUT_MS = 60_000;

export const openMcporter: OpenAgent = async (url) => {
  const home = await mkdtemp(join(tmpdir(), 'gatewright-mcporter-'));
  const config = join(home, 'mcporter.json');
  await writeFile(config, JSON.stringify({ mcpServers: { gateway: { url } } }));
  const run = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, '--config', config, ...args], {
      env: { HOME: home },
      cwd: home,
      timeout: TIMEOUT_MS,
    });
    return stdout;
  };
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  const json = async (...args: readonly string[]): Promise<any> => JSON.parse(await run(...args, '--json'));
  return {
    tools: async () => (await json('list', 'gateway')).tools.map(({ name }: { name: string }) => name),
    call: async (name, args) =>
      (await run('call', `gateway.${name}`, '--args', JSON.stringify(args), '--output', 'text')).trimEnd(),
    resources: async () =>
      (await json('resource', 'gateway')).resources.map(({ uri }: { uri: string }) => uri),
    read: async (uri) => joinTexts((await json('resource', 'gateway', uri)).contents),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
};
