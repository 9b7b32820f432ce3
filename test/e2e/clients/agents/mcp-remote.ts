/** mcp-remote, which clients that know only stdio put before a remote server. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { joinTexts } from '../texts.ts';
import type { OpenAgent } from './agent.ts';

const PROXY = fileURLToPath(import.meta.resolve('mcp-remote/dist/proxy.js'));

/** `protocol` is what it speaks to the server; its client speaks with a session in any case. */
export const openMcpRemote =
  (protocol: 'legacy' | 'auto'): OpenAgent =>
  async (url) => {
    const home = await mkdtemp(join(tmpdir(), 'gatewright-mcp-remote-'));
    const client = new Client({ name: 'desktop', version: '1.0.0' });
    const args = [PROXY, url, '--allow-http', '--transport', 'http-only', '--protocol', protocol];
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args,
        env: { HOME: home, MCP_REMOTE_CONFIG_DIR: home },
        stderr: 'ignore',
      }),
    );
    return {
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, toolArgs) =>
        joinTexts((await client.callTool({ name, arguments: toolArgs })).content as object[]),
      resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
      read: async (uri) => joinTexts((await client.readResource({ uri })).contents),
      prompt: async (name, promptArgs) =>
        joinTexts(
          (await client.getPrompt({ name, arguments: promptArgs })).messages.map(({ content }) => content),
        ),
      [Symbol.asyncDispose]: async () => {
        await client.close();
        await rm(home, { recursive: true, force: true });
      },
    };
  };
