import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PEERS } from '../e2e/clients/peers.ts';
import { callTool, modernRequest } from '../support/modern-client.ts';
import { type RunningExample, startExample, untilWhole } from './start-example.ts';

let gateway: RunningExample;
let url: string;
beforeAll(async () => {
  gateway = await startExample('examples/two-upstreams');
  url = gateway.url('/desk');
  await untilWhole(url);
});
afterAll(() => gateway.close());

const TOOLS = [
  'file_read_file',
  'file_read_text_file',
  'file_read_media_file',
  'file_read_multiple_files',
  'file_list_directory',
  'file_list_directory_with_sizes',
  'where_am_i',
  'echo',
  'add',
];

describe('examples/two-upstreams', () => {
  it.each(PEERS)('shows $name two servers as one, in the order of the file', async ({ open }) => {
    await using peer = await open(url);
    expect(await peer.tools()).toEqual(TOOLS);
    expect((await peer.call('add', { a: 1, b: 2 })).text).toContain('3');
    expect((await peer.call('echo', { message: 'hello' })).text).toContain('hello');
    expect((await peer.call('file_read_text_file', { path: 'welcome.md' })).text).toContain('# Welcome');
    expect((await peer.call('where_am_i')).text).toContain('/notes');
    expect(await peer.prompts()).toEqual(['simple-prompt']);
    const resources = await peer.resources();
    expect(resources.length).toBeGreaterThan(0);
    for (const uri of resources) expect(uri).toMatch(/^demo:\/\/resource\/static\//);
    expect(await peer.read(resources[0]!)).not.toBe('');
  });

  it('serves nothing under a name that it does not show', async () => {
    for (const name of [
      'get-sum',
      'read_text_file',
      'file_write_file',
      'list_allowed_directories',
      'get-env',
    ])
      expect((await callTool(url, name)).body.error.message).toBe(`Unknown tool: ${name}`);
    const { body } = await modernRequest(url, 'resources/read', { uri: 'demo://resource/dynamic/text/1' });
    expect(body.error.code).toBe(-32602);
  });
});
