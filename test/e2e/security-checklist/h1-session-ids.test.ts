import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../../runtime/identity/api-key.ts';
import { configuration } from '../../support/configuration.ts';
import type { FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession, type SessionHeaders } from '../../support/legacy-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const CAP = 50;
const FLOOD = 100_000;
/** What a hundred thousand refused requests may leave behind. */
const MAX_GROWTH_BYTES = 8 * 1024 * 1024;

const [alice, mallory] = [makeApiKey('alice'), makeApiKey('mallory')];
const as = ({ key }: { key: string }): SessionHeaders => ({ authorization: `Bearer ${key}` });

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is held once nothing that could be let go is left. */
const heldBytes = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('one', ['a'], { eras: ['legacy'] });
  gateway = await start();
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** A gateway with two servers that both callers may use. */
const start = (): Promise<TestGateway> => {
  const keys = [
    { id: 'alice', hash: alice.hash, servers: ['main', 'other'] },
    { id: 'mallory', hash: mallory.hash, servers: ['main', 'other'] },
  ];
  const config = JSON.parse(
    configuration(
      { one: upstream.url },
      {
        identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
        server: { identity: ['robots'] },
        sessions: { max: 1000, maxPerPrincipal: CAP },
      },
    ),
  );
  config.servers.other = { ...config.servers.main, at: [{ listener: 'main', path: '/other' }] };
  return startTestGateway(JSON.stringify(config), { files: { 'keys.yaml': JSON.stringify({ keys }) } });
};

const operations = ['POST', 'GET', 'DELETE'] as const;

const use = (
  url: string,
  method: (typeof operations)[number],
  headers: SessionHeaders,
): Promise<{ status: number; text: string }> =>
  method === 'POST'
    ? legacyRequest(url, 'tools/list', {}, headers)
    : rawRequest(url, { method, headers: { ...headers, accept: 'text/event-stream' } });

/** Everything of a refusal that does not name the request itself. */
const told = ({ status, text }: { status: number; text: string }) => {
  const { error } = JSON.parse(text);
  delete error.data.correlationId;
  return { status, error };
};

/** Sends `count` initializes on one connection without waiting for answers; resolves with the statuses. */
const floodInitialize = (url: string, count: number): Promise<Map<string, number>> => {
  const { hostname, port, pathname } = new URL(url);
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'flood', version: '1' } },
  });
  const one = Buffer.from(
    `POST ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${mallory.key}\r\n` +
      'Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n' +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  const { promise, resolve, reject } = Promise.withResolvers<Map<string, number>>();
  const statuses = new Map<string, number>();
  const socket = connect(Number(port), hostname);
  let [sent, answered, left] = [0, 0, ''];
  const send = (): void => {
    while (sent < count && sent - answered < 500) {
      socket.write(one);
      sent += 1;
    }
  };
  socket.on('connect', send);
  socket.setEncoding('latin1').on('data', (text: string) => {
    const whole = left + text;
    const heads = [...whole.matchAll(/HTTP\/1\.1 (\d{3}) /g)];
    for (const [, status] of heads) statuses.set(status!, (statuses.get(status!) ?? 0) + 1);
    answered += heads.length;
    left = whole.slice(-12).replace(/HTTP\/1\.1 \d{3} /, '');
    if (answered === count) resolve(statuses);
    else send();
  });
  socket.on('error', reject);
  socket.on('close', () => reject(new Error(`closed after ${answered} answers`)));
  return promise.finally(() => socket.destroy());
};

describe('ids of sessions', () => {
  it('H1: a second principal who presents the id gets the 404 of an id that never was, whatever it does', async () => {
    const session = await openSession(gateway.url('main'), as(alice));
    const stolen = { ...session, ...as(mallory) };
    const invented = { ...stolen, 'mcp-session-id': 'A'.repeat(76) };
    for (const method of operations) {
      const refused = await use(gateway.url('main'), method, stolen);
      expect(refused.status).toBe(404);
      expect(told(refused)).toEqual(told(await use(gateway.url('main'), method, invented)));
    }
    expect((await use(gateway.url('main'), 'POST', session)).status).toBe(200);
  });

  it('H1: an id alone opens nothing: each request is authenticated again', async () => {
    const { authorization: _, ...session } = await openSession(gateway.url('main'), as(alice));
    for (const method of operations)
      expect((await use(gateway.url('main'), method, session)).status).toBe(401);
  });

  it('H1: unknown, ended, changed ids and those of another server get one and the same 404', async () => {
    const headers = as(alice);
    const [live, ended] = [
      await openSession(gateway.url('main'), headers),
      await openSession(gateway.url('main'), headers),
    ];
    await rawRequest(gateway.url('main'), { method: 'DELETE', headers: ended });
    const id = live['mcp-session-id']!;
    const middle = id.length >> 1;
    const changed = id.slice(0, middle) + (id[middle] === 'A' ? 'B' : 'A') + id.slice(middle + 1);
    const answers = [
      await use(gateway.url('main'), 'POST', { ...live, 'mcp-session-id': 'unknown' }),
      await use(gateway.url('main'), 'POST', ended),
      await use(gateway.url('main'), 'POST', { ...live, 'mcp-session-id': changed }),
      await use(gateway.url('other'), 'POST', live),
    ];
    expect(answers[0]!.status).toBe(404);
    for (const answer of answers) expect(told(answer)).toEqual(told(answers[0]!));
  });

  it('H1: decoding the id reveals nothing, and no two ids share more than chance', async () => {
    const ids: Buffer[] = [];
    for (let count = 0; count < 6; count += 1) {
      const session = await openSession(gateway.url('main'), as(alice));
      ids.push(Buffer.from(session['mcp-session-id']!, 'base64url'));
    }
    const texts = ids.map((id) => id.toString('latin1'));
    for (const text of texts) expect(text).not.toMatch(/alice|main|owner|session|\d{10}/);
    // Random bytes look like a piece of JSON now and then, but not each time.
    expect(texts.every((text) => /[{}":]{2}/.test(text))).toBe(false);
    const [one, two] = ids;
    // The key's own mark and the length are alike; all that follows is not.
    const alike = one!.filter((byte, at) => at >= 4 && byte === two![at]).length;
    expect(alike).toBeLessThan(one!.length / 4);
  });

  it('H1: a hundred thousand initializes fill a cap, not the memory', { timeout: 240_000 }, async () => {
    await using flooded = await start();
    const greeted = () => upstream.log.filter(({ message }) => message.method === 'initialize').length;
    const before = greeted();
    await floodInitialize(flooded.audience('main'), 200);
    const heldBefore = heldBytes();
    const statuses = await floodInitialize(flooded.audience('main'), FLOOD - 200);
    expect(heldBytes() - heldBefore).toBeLessThan(MAX_GROWTH_BYTES);
    expect(statuses.get('503')).toBe(FLOOD - 200);
    // One more for the gateway's own question which era the upstream is of.
    expect(greeted() - before).toBeLessThanOrEqual(CAP + 1);
    expect(await flooded.metrics()).toContain(`gatewright_sessions ${CAP}`);
    expect((await openSession(flooded.url('main'), as(alice)))['mcp-session-id']).toBeDefined();
  });
});
