/** The command line of the MCP Inspector, one process for each request. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const LAUNCHER = fileURLToPath(
  new URL(
    '../../../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
    import.meta.url,
  ),
);

export interface Inspection {
  readonly url: string;
  readonly era: 'legacy' | 'auto' | 'modern';
  readonly method: string;
  /** Further options of the command line. */
  readonly options?: readonly string[];
}

/** Sends one request and gives its result. Rejects with what the Inspector wrote if it failed. */
// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
export const inspect = async ({ url, era, method, options = [] }: Inspection): Promise<any> => {
  const home = await mkdtemp(join(tmpdir(), 'gatewright-inspector-'));
  try {
    const config = join(home, 'mcp.json');
    const server = { type: 'streamable-http', url, protocolEra: era };
    await writeFile(config, JSON.stringify({ mcpServers: { gateway: server } }));
    const args = ['--cli', '--config', config, '--server', 'gateway', '--method', method, '--format', 'json'];
    const { stdout } = await promisify(execFile)(process.execPath, [LAUNCHER, ...args, ...options], {
      env: { HOME: home, MCP_INSPECTOR_SECRET_STORE: 'memory' },
      timeout: 60_000,
    });
    return JSON.parse(stdout);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
};
