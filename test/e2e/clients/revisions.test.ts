import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { MODERN, REVISIONS, type Revision } from '../../support/message-schema.ts';
import { tapUpstream, type UpstreamTap } from '../../support/wire-tap.ts';
import { type OneRevision, startOneRevision } from './upstreams/one-revision.ts';

const PROGRAM = fileURLToPath(new URL('../../../bin/gatewright.mjs', import.meta.url));

let upstreams: OneRevision[];
let taps: UpstreamTap[];
let gateway: TestGateway;

const nameOf = (revision: Revision): string => `r${revision.replaceAll('-', '')}`;

beforeAll(async () => {
  upstreams = await Promise.all(REVISIONS.map(startOneRevision));
  taps = await Promise.all(upstreams.map(({ url }) => tapUpstream(url)));
  const urls = Object.fromEntries(REVISIONS.map((revision, at) => [nameOf(revision), taps[at]!.url]));
  const expose = REVISIONS.map((revision) => ({
    upstream: nameOf(revision),
    prefix: `${nameOf(revision)}_`,
  }));
  gateway = await startTestGateway(configuration(urls, { expose, ops: false }));
});
afterAll(async () => {
  await gateway.close();
  for (const tap of taps) await tap.close();
  for (const upstream of upstreams) await upstream[Symbol.asyncDispose]();
});

/** The first revision has no streamable HTTP: its clients start a gateway of their own and speak over its pipes. */
const transportOf = (revision: Revision) =>
  revision === '2024-11-05'
    ? new StdioClientTransport({
        command: process.execPath,
        args: [PROGRAM, 'stdio', 'main', gateway.file],
        stderr: 'ignore',
      })
    : new StreamableHTTPClientTransport(new URL(gateway.url()));

const connect = async (revision: Revision): Promise<Client> => {
  const client = new Client(
    { name: 'matrix', version: '1.0.0' },
    revision === MODERN
      ? { versionNegotiation: { mode: { pin: MODERN } } }
      : { supportedProtocolVersions: [revision] },
  );
  await client.connect(transportOf(revision));
  return client;
};

/** The kinds of content that a client of one revision gets of an upstream of another. */
const kindsFor = (client: Revision, upstream: Revision): string[] => {
  const kinds = ['text'];
  if (upstream >= '2025-03-26') kinds.push(client >= '2025-03-26' ? 'audio' : 'resource');
  if (upstream >= '2025-06-18') kinds.push(client >= '2025-06-18' ? 'resource_link' : 'text');
  // What is structured is told as text where the client knows no structure, and the text says something else.
  if (upstream >= '2025-06-18' && client < '2025-06-18') kinds.push('text');
  return kinds;
};

describe.each(REVISIONS)('a client of %s', (revision) => {
  let client: Client;
  beforeAll(async () => {
    client = await connect(revision);
  });
  afterAll(() => client.close());

  it('[UPC-13] speaks its own revision to the gateway', () => {
    expect(client.getNegotiatedProtocolVersion()).toBe(revision);
  });

  it.each(REVISIONS)('[UPC-13] calls a tool of an upstream of %s', async (upstream) => {
    const called = await client.callTool({ name: `${nameOf(upstream)}_hear`, arguments: { said: 'this' } });
    const content = called.content as { type: string; text?: string }[];
    expect(content[0]).toEqual({ type: 'text', text: `${upstream} heard this` });
    expect(content.map(({ type }) => type)).toEqual(kindsFor(revision, upstream));
    const structured = upstream >= '2025-06-18' && revision >= '2025-06-18' ? { said: 'this' } : undefined;
    expect(called.structuredContent).toEqual(structured);
  });

  it.each(REVISIONS)('[UPC-13] gets a prompt of an upstream of %s', async (upstream) => {
    const name = `${nameOf(upstream)}_greet`;
    const { messages } = await client.getPrompt({ name, arguments: { name: 'Ada' } });
    expect(messages).toEqual([{ role: 'user', content: { type: 'text', text: `${upstream} greets Ada` } }]);
  });

  it.each(REVISIONS)('[UPC-13] reads a resource of an upstream of %s', async (upstream) => {
    const uri = `note://${upstream}`;
    const { contents } = await client.readResource({ uri });
    expect(contents).toEqual([{ uri, text: `A note of ${upstream}.` }]);
  });

  it('[UPC-13] lists what all upstreams have, with what its revision knows of it', async () => {
    const { tools } = await client.listTools();
    const names = REVISIONS.map((upstream) => `${nameOf(upstream)}_hear`);
    expect(tools.map(({ name }) => name)).toEqual(names);
    for (const [at, { title, outputSchema, annotations }] of tools.entries()) {
      const says = REVISIONS[at]! >= '2025-06-18';
      const knows = revision >= '2025-06-18';
      expect(title).toBe(says && knows ? 'Hear' : undefined);
      expect(outputSchema !== undefined).toBe(says && knows);
      expect(annotations?.title).toBe(says && revision === '2025-03-26' ? 'Hear' : undefined);
    }
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(REVISIONS.map((upstream) => `note://${upstream}`));
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(REVISIONS.map((upstream) => `${nameOf(upstream)}_greet`));
  });
});

describe('each upstream', () => {
  it('[UPC-13] is spoken to in its own revision', () => {
    for (const [at, tap] of taps.entries()) {
      const calls = tap.messages.filter(({ message }) => message.method === 'tools/call');
      expect(calls.length).toBeGreaterThan(0);
      expect(new Set(calls.map(({ revision }) => revision))).toEqual(new Set([REVISIONS[at]]));
    }
  });
});
