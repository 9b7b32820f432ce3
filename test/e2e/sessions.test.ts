import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { configuration } from '../support/configuration.ts';
import { type Everything, startEverything } from '../support/everything/server.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { rawRequest } from '../support/raw-request.ts';

let everything: Everything;
beforeAll(async () => {
  everything = await startEverything();
});
afterAll(() => everything.close());

interface Answer {
  readonly status: number;
  readonly sessionId: string;
  readonly text: string;
}

const send = async (
  url: string,
  message: object | readonly object[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => {
  const answer = await request(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify(message),
  });
  return {
    status: answer.statusCode,
    sessionId: String(answer.headers['mcp-session-id'] ?? ''),
    text: await answer.body.text(),
  };
};

const initialize = (protocolVersion = '2025-11-25', capabilities: object = {}) => ({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion, capabilities, clientInfo: { name: 'test', version: '1' } },
});

const open = async (
  url: string,
  headers: Record<string, string> = {},
  version?: string,
): Promise<Record<string, string>> => {
  const { sessionId, status, text } = await send(url, initialize(version), headers);
  expect(status, text).toBe(200);
  return { ...headers, 'mcp-session-id': sessionId };
};

const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

describe('legacy sessions', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway(
      configuration({ everything: everything.url }, { sessions: { max: 20, maxPerPrincipal: 10 } }),
    );
  });
  afterAll(() => gateway.close());

  it('negotiates the revision of the client, or its newest legacy one', async () => {
    for (const [asked, agreed] of [
      ['2025-06-18', '2025-06-18'],
      ['2025-03-26', '2025-03-26'],
      ['1999-01-01', '2025-11-25'],
      ['2026-07-28', '2025-11-25'],
    ]) {
      const answer = await send(gateway.url(), initialize(asked));
      expect(JSON.parse(answer.text).result.protocolVersion).toBe(agreed);
      await request(gateway.url(), { method: 'DELETE', headers: { 'mcp-session-id': answer.sessionId } });
    }
  });

  it.each([
    ['an unknown', 'x'.repeat(43)],
    ['an empty', ''],
    ['a strange', '../../etc/passwd'],
  ])('answers 404 or 400 to %s session id', async (_what, id) => {
    const { status } = await send(gateway.url(), list, { 'mcp-session-id': id });
    expect([400, 404]).toContain(status);
  });

  it('asks for a session where none is named', async () => {
    const { status, text } = await send(gateway.url(), list);
    expect(status).toBe(400);
    expect(JSON.parse(text).error.data.code).toBe('session_required');
  });

  it('ends a session with DELETE, and answers 404 to its id from then on', async () => {
    const session = await open(gateway.url());
    // Those of tests before are over.
    const { stats } = everything;
    await expect.poll(() => stats.sessionsOpened - stats.sessionsClosed).toBe(1);
    const closedBefore = stats.sessionsClosed;
    expect((await request(gateway.url(), { method: 'DELETE', headers: session })).statusCode).toBe(204);
    expect((await send(gateway.url(), list, session)).status).toBe(404);
    await expect.poll(() => stats.sessionsClosed).toBe(closedBefore + 1);
  });

  it('replays to a session only what belongs to the stream that it names', async () => {
    const session = await open(gateway.url());
    const call = {
      jsonrpc: '2.0',
      id: 5,
      method: 'tools/call',
      params: { name: 'test_tool_with_logging', arguments: {} },
    };
    const { text } = await send(gateway.url(), call, session);
    const ids = [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id!);
    expect(ids.length).toBeGreaterThan(1);
    const replayed = await request(gateway.url(), {
      method: 'GET',
      headers: { ...session, accept: 'text/event-stream', 'last-event-id': ids[0]! },
    });
    const again = await replayed.body.text();
    expect(again).toContain('"id":5');
    const other = await open(gateway.url());
    const stolen = await request(gateway.url(), {
      method: 'GET',
      headers: { ...other, accept: 'text/event-stream', 'last-event-id': ids[0]! },
    });
    expect(stolen.statusCode).toBe(400);
    await stolen.body.dump();
  });

  it('takes a batch of 2025-03-26, and of no other revision', async () => {
    const older = await open(gateway.url(), {}, '2025-03-26');
    const batch = [
      { jsonrpc: '2.0', id: 'a', method: 'ping' },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'test_simple_text' } },
    ];
    const answers = JSON.parse((await send(gateway.url(), batch, older)).text) as { id: unknown }[];
    expect(answers.map(({ id }) => id).sort()).toEqual([7, 'a']);
    const newer = await open(gateway.url());
    expect((await send(gateway.url(), batch, newer)).status).toBe(400);
  });

  it('lets no modern message hide in a batch', async () => {
    const older = await open(gateway.url(), {}, '2025-03-26');
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const smuggled = [{ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta } }];
    expect((await send(gateway.url(), smuggled, older)).status).toBe(400);
    expect((await send(gateway.url(), [], older)).status).toBe(400);
  });

  it('opens no more sessions for one caller than it may have', async () => {
    await using bounded = await startTestGateway(
      configuration({ everything: everything.url }, { sessions: { max: 5, maxPerPrincipal: 2 } }),
    );
    const session = await open(bounded.url());
    await open(bounded.url());
    const refused = await send(bounded.url(), initialize());
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.text).error.data.code).toBe('too_many_sessions');
    await request(bounded.url(), { method: 'DELETE', headers: session });
    await open(bounded.url());
  });

  it('counts anonymous callers by address, so that one cannot lock out the others', async () => {
    await using bounded = await startTestGateway(
      configuration({ everything: everything.url }, { sessions: { maxPerPrincipal: 1 } }),
    );
    const from = (address: string) =>
      rawRequest(bounded.url(), {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify(initialize()),
        from: address,
      });
    expect((await from('127.0.0.1')).status).toBe(200);
    expect((await from('127.0.0.1')).status).toBe(503);
    expect((await from('127.0.0.2')).status).toBe(200);
  });

  it('ends sessions that are idle', async () => {
    await using brief = await startTestGateway(
      configuration({ everything: everything.url }, { sessions: { idle: '50ms' } }),
    );
    const session = await open(brief.url());
    await expect
      .poll(async () => (await send(brief.url(), list, session)).status, { interval: 120 })
      .toBe(404);
  });
});

describe('sessions of identified callers', () => {
  it('are not found by another caller who knows the id', async () => {
    const [alice, mallory] = [makeApiKey('alice'), makeApiKey('mallory')];
    const keys = [alice, mallory].map(({ hash }, at) => ({
      id: at === 0 ? 'alice' : 'mallory',
      hash,
      servers: ['main'],
    }));
    await using gateway = await startTestGateway(
      configuration(
        { everything: everything.url },
        {
          identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
          server: { identity: ['robots'] },
        },
      ),
      { files: { 'keys.yaml': JSON.stringify({ keys }) } },
    );
    const session = await open(gateway.url(), { authorization: `Bearer ${alice.key}` });
    expect((await send(gateway.url(), list, session)).status).toBe(200);
    const stolen = { ...session, authorization: `Bearer ${mallory.key}` };
    expect((await send(gateway.url(), list, stolen)).status).toBe(404);
    for (const method of ['GET', 'DELETE'] as const) {
      const answer = await request(gateway.url(), {
        method,
        headers: { ...stolen, accept: 'text/event-stream' },
      });
      expect(answer.statusCode).toBe(404);
      await answer.body.dump();
    }
    const { authorization: _, ...anonymous } = session;
    expect((await send(gateway.url(), list, anonymous)).status).toBe(401);
    expect((await send(gateway.url(), list, session)).status).toBe(200);
  });
});
