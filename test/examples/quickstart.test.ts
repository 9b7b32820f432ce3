import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PEERS } from '../e2e/clients/peers.ts';
import { callTool, toolNames } from '../support/modern-client.ts';
import { type RunningExample, startExample, untilWhole } from './start-example.ts';

let gateway: RunningExample;
let url: string;
beforeAll(async () => {
  gateway = await startExample('examples/quickstart');
  url = gateway.url('/mcp');
  await untilWhole(url);
});
afterAll(() => gateway.close());

describe('examples/quickstart', () => {
  it.each(PEERS)('lets $name list and read the notes', async ({ open }) => {
    await using peer = await open(url);
    expect((await peer.tools()).toSorted()).toEqual(['list_directory', 'read_text_file', 'search_files']);
    expect((await peer.call('list_directory', { path: '.' })).text).toContain('[FILE] welcome.md');
    expect((await peer.call('read_text_file', { path: 'welcome.md' })).text).toContain('# Welcome');
  });

  it('has no tool that writes, whatever it is called by', async () => {
    for (const name of ['write_file', 'edit_file', 'move_file', 'create_directory', 'no_such_tool']) {
      const { body } = await callTool(url, name, { path: 'evil.md', content: 'x' });
      expect(body.error).toMatchObject({ code: -32602, message: `Unknown tool: ${name}` });
    }
    expect(await readdir(join(gateway.folder, 'notes'))).toEqual(['welcome.md']);
  });

  it('reads nothing outside the folder', async () => {
    for (const path of ['/etc/passwd', '../gateway.yaml', './../../../gateway.yaml']) {
      const { body } = await callTool(url, 'read_text_file', { path });
      expect(body.result.isError).toBe(true);
      expect(body.result.content[0].text).not.toMatch(/root:|listeners/);
    }
  });

  it('changes as its page says', async () => {
    const tools = () => toolNames(url);
    await gateway.edit(['search_files]', 'search_files, get_file_info]']);
    await expect.poll(tools, { timeout: 10_000 }).toContain('get_file_info');
    await gateway.edit(['allow:', 'alow:']);
    await expect.poll(() => gateway.log(), { timeout: 10_000 }).toMatch(/unknown key `alow`/);
    expect(await tools()).toContain('get_file_info');
    await gateway.edit(['alow:', 'rename: { read_text_file: read_note }\n          allow:']);
    await expect.poll(tools, { timeout: 10_000 }).toContain('read_note');
  });
});
