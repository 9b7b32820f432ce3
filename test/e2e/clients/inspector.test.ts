import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { type Everything, startEverything } from '../../support/everything/server.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { recordStdio, type StdioRecord } from '../../support/stdio-record.ts';
import { tapUpstream, type UpstreamTap } from '../../support/wire-tap.ts';
import { type Inspection, inspect } from './inspector.ts';
import { everythingOverStdio, filesOverStdio } from './official-servers.ts';

const ERAS: readonly { readonly era: Inspection['era']; readonly revision: string }[] = [
  { era: 'legacy', revision: '2025-11-25' },
  { era: 'auto', revision: '2026-07-28' },
  { era: 'modern', revision: '2026-07-28' },
];
const TIMEOUT_MS = 180_000;

let folder: string;
let fixture: Everything;
let tap: UpstreamTap;
let record: StdioRecord;
let gateway: TestGateway;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewright-files-')));
  await writeFile(join(folder, 'hello.txt'), 'Hello from a file.');
  fixture = await startEverything();
  tap = await tapUpstream(fixture.url);
  record = await recordStdio();
  const server = (path: string, ...expose: object[]) => ({
    at: [{ listener: 'main', path }],
    anonymous: true,
    expose,
  });
  gateway = await startTestGateway(
    configuration(
      {},
      {
        servers: {
          fixture: server('/fixture', { upstream: 'fixture' }),
          everything: server('/everything', { upstream: 'everything' }),
          files: server('/files', { upstream: 'files' }),
          both: server(
            '/both',
            { upstream: 'everything', prefix: 'ev_' },
            { upstream: 'files', prefix: 'fs_' },
          ),
        },
        upstreams: {
          fixture: { type: 'http', endpoints: [tap.url] },
          everything: everythingOverStdio(record),
          files: filesOverStdio(record, folder),
        },
      },
    ),
  );
});
afterAll(async () => {
  await gateway.close();
  await tap.close();
  await record.close();
  await fixture.close();
  await rm(folder, { recursive: true, force: true });
});

describe.each(ERAS)('the Inspector told to be $era', ({ era, revision }) => {
  const ask = async (server: string, method: string, ...options: string[]) =>
    (await inspect({ url: gateway.url(server), era, method, options })).result;
  const names = (result: { tools: { name: string }[] }) => result.tools.map(({ name }) => name);

  it(
    'lists and calls tools of an upstream over HTTP',
    async () => {
      const before = gateway.messages.length;
      expect(names(await ask('fixture', 'tools/list'))).toContain('test_simple_text');
      const { content } = await ask('fixture', 'tools/call', '--tool-name', 'test_simple_text');
      expect(content[0].text).toBe('This is a simple text response for testing.');
      const revisions = new Set(gateway.messages.slice(before).map((message) => message.revision));
      expect([...revisions]).toEqual([revision]);
    },
    TIMEOUT_MS,
  );

  it(
    'lists and calls tools of two upstreams over stdio behind one server',
    async () => {
      expect(names(await ask('both', 'tools/list'))).toEqual(
        expect.arrayContaining(['ev_echo', 'fs_read_text_file']),
      );
      const path = `path=${join(folder, 'hello.txt')}`;
      const read = await ask('both', 'tools/call', '--tool-name', 'fs_read_text_file', '--tool-arg', path);
      expect(read.content[0].text).toBe('Hello from a file.');
      const echo = await ask('both', 'tools/call', '--tool-name', 'ev_echo', '--tool-arg', 'message=hi');
      expect(echo.content[0].text).toBe('Echo: hi');
    },
    TIMEOUT_MS,
  );

  it(
    'lists and calls tools of each of them alone',
    async () => {
      expect(names(await ask('everything', 'tools/list'))).toContain('get-sum');
      const echo = await ask('everything', 'tools/call', '--tool-name', 'echo', '--tool-arg', 'message=hi');
      expect(echo.content[0].text).toBe('Echo: hi');
      expect(names(await ask('files', 'tools/list'))).toContain('list_directory');
      const path = `path=${folder}`;
      const listed = await ask('files', 'tools/call', '--tool-name', 'list_directory', '--tool-arg', path);
      expect(listed.content[0].text).toContain('hello.txt');
    },
    TIMEOUT_MS,
  );

  it(
    'reads resources and gets prompts',
    async () => {
      const { contents } = await ask('fixture', 'resources/read', '--uri', 'test://static-text');
      expect(contents[0].text).toBe('This is the content of the static text resource.');
      const args = ['--prompt-args', 'arg1=a', 'arg2=b'];
      const name = ['--prompt-name', 'test_prompt_with_arguments'];
      const { messages } = await ask('fixture', 'prompts/get', ...name, ...args);
      expect(messages[0].content.text).toContain("arg1='a'");
    },
    TIMEOUT_MS,
  );
});
