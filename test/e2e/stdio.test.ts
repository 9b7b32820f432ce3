import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { META } from '../../runtime/mcp/revision.ts';
import { configuration } from '../support/configuration.ts';
import { type FastUpstream, hang } from '../support/fast-upstream.ts';
import { MODERN, messageFaults } from '../support/message-schema.ts';
import { modernBody } from '../support/modern-client.ts';
import { SLOW_START } from '../support/slow-start.ts';
import { PROGRAM, StdioClient } from '../support/stdio-client.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';

const EVERYTHING = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
);

let folder: string;
let upstream: FastUpstream;
const running: StdioClient[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-stdio-'));
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterEach(async () => {
  for (const client of running.splice(0)) await client.kill();
  await upstream.close();
  await rm(folder, { recursive: true });
});

/** An HTTP upstream and server-everything, which runs as a process of the gateway's. */
const both = (): string => {
  const config = JSON.parse(configuration({ tracker: upstream.url }, { ops: false }));
  config.upstreams.everything = { type: 'stdio', command: [process.execPath, EVERYTHING], ...SLOW_START };
  config.servers.main.expose = [{ upstream: 'tracker' }, { upstream: 'everything', prefix: 'ev_' }];
  return JSON.stringify(config);
};

const written = async (yaml: string): Promise<string> => {
  const file = join(folder, 'gateway.yaml');
  await writeFile(file, yaml);
  return file;
};

const started = (...how: ConstructorParameters<typeof StdioClient>): StdioClient => {
  const client = new StdioClient(...how);
  running.push(client);
  return client;
};

const initialize = (version = '2025-11-25') => ({
  id: 0,
  method: 'initialize',
  params: {
    protocolVersion: version,
    capabilities: {},
    clientInfo: { name: 'test-client', version: '1.0.0' },
  },
});

const call = (id: unknown, name: string, args: object = {}) => ({
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});

const modern = (id: string | number, method: string, params: object = {}): object =>
  JSON.parse(modernBody(method, params, { id }));

describe('gatewright stdio', () => {
  it('serves a desktop client of the first SDK, tools of a process and of an HTTP server as one', async () => {
    const file = await written(both());
    const transport = new StdioV1({
      command: process.execPath,
      args: [PROGRAM, 'stdio', 'main', file],
      stderr: 'pipe',
    });
    const client = new ClientV1({ name: 'v1', version: '1' });
    await client.connect(transport);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['get_issue', 'ev_echo']));
    const issue = await client.callTool({ name: 'get_issue', arguments: { id: 7 } });
    expect(told(issue)).toMatchObject({ upstream: 'tracker', arguments: { id: 7 } });
    const echoed = await client.callTool({ name: 'ev_echo', arguments: { message: 'hello' } });
    expect(JSON.stringify(echoed.content)).toContain('hello');
    await client.close();
  });

  it.each(['legacy', 'auto'] as const)('serves a client of the second SDK, %s', async (mode) => {
    const file = await written(both());
    const transport = new StdioV2({
      command: process.execPath,
      args: [PROGRAM, 'stdio', 'main', file],
      stderr: 'pipe',
    });
    const client = new ClientV2({ name: 'v2', version: '1' }, { versionNegotiation: { mode } });
    await client.connect(transport);
    expect(client.getProtocolEra()).toBe(mode === 'auto' ? 'modern' : 'legacy');
    const issue = await client.callTool({ name: 'get_issue', arguments: { id: 7 } });
    expect(told(issue)).toMatchObject({ upstream: 'tracker', arguments: { id: 7 } });
    const echoed = await client.callTool({ name: 'ev_echo', arguments: { message: 'hello' } });
    expect(JSON.stringify(echoed.content)).toContain('hello');
    await client.close();
  });

  it('stays with the era of the opening message, which server/discover does not tell', async () => {
    const file = await written(configuration({ tracker: upstream.url }));
    const legacy = started(['main', file]);
    legacy.say(modern('d', 'server/discover'));
    expect((await legacy.answerTo('d')).result.supportedVersions).toContain('2026-07-28');
    legacy.say(initialize());
    expect((await legacy.answerTo(0)).result.protocolVersion).toBe('2025-11-25');
    legacy.say(modern('d2', 'server/discover'));
    expect((await legacy.answerTo('d2')).error.code).toBe(-32601);
    legacy.say({ id: 'again', method: 'initialize', params: initialize().params });
    expect((await legacy.answerTo('again')).error.code).toBe(-32600);

    const later = started(['main', file]);
    later.say(modern(1, 'tools/list'));
    const listed = await later.answerTo(1);
    expect(messageFaults(MODERN, listed, { from: 'server', answers: 'tools/list' })).toEqual([]);
    later.say(initialize());
    expect((await later.answerTo(0)).error.code).toBe(-32602);
    later.say(call(2, 'get_issue'));
    expect((await later.answerTo(2)).error.code).toBe(-32602);
  });

  it('takes a modern request back, and ends a subscription when told to', async () => {
    const file = await written(configuration({ tracker: upstream.url }));
    const client = started(['main', file]);
    upstream.behave(hang);
    client.say(modern('slow', 'tools/call', { name: 'get_issue', arguments: {} }));
    await upstream.until(() => upstream.calls === 1);
    client.say(modern('slow', 'tools/call', { name: 'get_issue', arguments: {} }));
    expect((await client.answerTo('slow')).error.code).toBe(-32600);
    client.say({ method: 'notifications/cancelled', params: { requestId: 'slow' } });
    client.say(modern('listen', 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
    const acknowledged = await client.heard(
      ({ method }) => method === 'notifications/subscriptions/acknowledged',
    );
    expect(acknowledged.params._meta[META.subscriptionId]).toBe('listen');
    client.endInput();
    expect((await client.answerTo('listen')).result.resultType).toBe('complete');
    const torn = await client.heard(({ method }) => method === 'notifications/cancelled');
    expect(torn.params.requestId).toBe('listen');
    expect(await client.exited()).toBe(0);
    expect(client.messages.filter(({ id }) => id === 'slow')).toHaveLength(1);
  });

  it('answers what is no message without ending, and asks for initialize', async () => {
    const client = started(['main', await written(configuration({ tracker: upstream.url }))]);
    client.write('not json\n\n{"jsonrpc":"2.0"}\n');
    client.say({ id: 'p', method: 'ping' });
    expect((await client.answerTo('p')).result).toEqual({});
    client.say({ id: 'early', method: 'tools/list' });
    expect((await client.answerTo('early')).error.data.code).toBe('session_required');
    client.write(`{"jsonrpc":"2.0","id":9,"method":"ping","params":{"x":"${'y'.repeat(5_000_000)}"}}\n`);
    await client.heard(({ error }) => error?.data.code === 'body_too_large');
    expect(client.messages.map(({ error }) => error?.code)).toEqual([
      -32700,
      -32600,
      undefined,
      -32600,
      -32600,
    ]);
    client.say(initialize('2024-11-05'));
    expect((await client.answerTo(0)).result.protocolVersion).toBe('2024-11-05');
  });

  it('ends in order when the client closes its end, with the answers that are due and the upstream sessions deleted', async () => {
    const legacy = await startToolUpstream('one', ['slow'], { eras: ['legacy'] });
    const client = started(['main', await written(configuration({ one: legacy.url }))]);
    client.say(initialize());
    await client.answerTo(0);
    legacy.behave(({ message, response }) => {
      client.endInput();
      setImmediate(() =>
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [] } }, null, 2)),
      );
    });
    client.say(call(1, 'slow'));
    expect(await client.exited()).toBe(0);
    expect((await client.answerTo(1)).result).toEqual({ content: [] });
    expect([...legacy.sessions]).toEqual([]);
    await legacy.close();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends in order on %s, exit code 0', async (signal) => {
    const client = started(['main', await written(configuration({ tracker: upstream.url }))]);
    client.say(initialize());
    await client.answerTo(0);
    client.signal(signal);
    expect(await client.exited()).toBe(0);
  });

  it('binds no address, so that it starts beside a gateway that serves the same file', async () => {
    const config = JSON.parse(configuration({ tracker: upstream.url }));
    config.listeners.main.bind = `127.0.0.1:${upstream.port}`;
    const client = started(['main', await written(JSON.stringify(config))]);
    client.say(initialize());
    expect((await client.answerTo(0)).result.serverInfo).toBeDefined();
  });

  it('says nothing but MCP on standard output, and logs where it is told to', async () => {
    const log = join(folder, 'gateway.log');
    const file = await written(
      configuration({ tracker: upstream.url }, { telemetry: { log: { level: 'debug', access: true } } }),
    );
    const client = started(['main', file, '--log', log]);
    client.say(initialize());
    client.say(call(1, 'get_issue'));
    await client.answerTo(1);
    client.endInput();
    expect(await client.exited()).toBe(0);
    for (const message of client.messages) expect(message).toHaveProperty('jsonrpc', '2.0');
    const lines = (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual(
      expect.objectContaining({
        msg: 'access',
        listener: 'stdio',
        method: 'tools/call',
        outcome: 'ok',
        status: 200,
      }),
    );
    expect(client.err).not.toContain('"msg":"access"');
  });

  it('takes on a configuration that changes while it serves', async () => {
    const file = await written(configuration({ tracker: upstream.url }));
    const client = started(['main', file]);
    client.say(initialize());
    await client.answerTo(0);
    const more = { server: { policies: ['none'] }, policies: { none: { type: 'cel', deny: 'true' } } };
    await writeFile(file, configuration({ tracker: upstream.url }, more));
    await client.heard(({ method }) => method === 'notifications/tools/list_changed');
    client.say(call(1, 'get_issue'));
    expect((await client.answerTo(1)).error).toBeDefined();
  });
});

describe('the caller of a server with identities', () => {
  const { key, hash } = makeApiKey('desk');
  const identified = async (): Promise<string> => {
    const keys = [{ id: 'desk', hash, servers: ['main'] }];
    await writeFile(join(folder, 'keys.yaml'), JSON.stringify({ keys }));
    return written(
      configuration(
        { tracker: upstream.url },
        {
          identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
          server: { identity: ['robots'], policies: ['desk'] },
          policies: { desk: { type: 'cel', allow: "principal.id == 'desk'" } },
        },
      ),
    );
  };

  it('is who the token in the environment says, checked at each message', async () => {
    const client = started(['main', await identified()], { GATEWRIGHT_TOKEN: key });
    client.say(initialize());
    client.say(call(1, 'get_issue'));
    expect((await client.answerTo(1)).result).toBeDefined();
    await writeFile(join(folder, 'keys.yaml'), JSON.stringify({ keys: [] }));
    await expect
      .poll(async () => {
        const id = `again-${client.messages.length}`;
        client.say(call(id, 'get_issue'));
        return (await client.answerTo(id)).error?.data.code;
      })
      .toBe('unauthenticated');
  });

  it.each([
    ['no token', {}],
    ['a wrong token', { GATEWRIGHT_TOKEN: makeApiKey('desk').key }],
  ])('is refused with %s: exit code 1, nothing on standard output', async (_what, env) => {
    const client = started(['main', await identified()], env as Record<string, string>);
    expect(await client.exited()).toBe(1);
    expect(client.messages).toEqual([]);
    expect(client.err).toMatch(/GATEWRIGHT_TOKEN/);
    expect(client.err).not.toContain(key);
  });
});

describe('a start that cannot be', () => {
  it('tells of a server that is not there which ones are, exit code 1', async () => {
    const client = started(['mian', await written(configuration({ tracker: upstream.url }))]);
    expect(await client.exited()).toBe(1);
    expect(client.err).toContain('there is no server `mian`; there is `main`');
  });

  it('tells of a configuration with mistakes, exit code 1', async () => {
    const client = started(['main', await written('version: 1\n')]);
    expect(await client.exited()).toBe(1);
    expect(client.err).toContain('GW1002');
    expect(client.messages).toEqual([]);
  });

  it('tells how it is used, exit code 2', async () => {
    for (const args of [[], ['a', 'b', 'c'], ['main', '--nonsense']]) {
      const client = started(args);
      expect(await client.exited()).toBe(2);
      expect(client.err).toContain('usage: gatewright stdio <server>');
    }
  });
});
