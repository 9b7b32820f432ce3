import type { ClientHttp2Session } from 'node:http2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { http2Request, openHttp2 } from '../runtime/listen/http2-client.ts';
import { openTls } from '../runtime/listen/raw-client.ts';
import { makeCertificate } from '../support/certificate.ts';
import { configuration } from '../support/configuration.ts';
import { answer, answerAsStream, type FastUpstream, type Received } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const { certificate, key } = makeCertificate('first');
const files = { 'tls.crt': certificate, 'tls.key': key };
const tls = { certificate: '${file:./tls.crt}', key: '${file:./tls.key}' };

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue', 'slow_one', 'slow_two']);
  gateway = await start({ http: ['h2', 'http/1.1'] });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const sessions: ClientHttp2Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});

const start = (listener: object): Promise<TestGateway> =>
  startTestGateway(configuration({ tracker: upstream.url }, { listener: { tls, ...listener } }), { files });

const portOf = (served: TestGateway): number => Number(new URL(served.audience()).port);

const openSession = async (): Promise<ClientHttp2Session> => {
  const session = await openHttp2(portOf(gateway), certificate);
  sessions.push(session);
  return session;
};

/** One MCP request on a session. */
const ask = async (
  session: ClientHttp2Session,
  method: string,
  params: object = {},
  id: string | number = 1,
) => {
  const headers = { ':method': 'POST', ':path': '/mcp', ...modernHeaders(method, params, {}) };
  const { status, body } = await http2Request(session, headers, modernBody(method, params, { id }));
  return { status, text: body };
};

const call = (session: ClientHttp2Session, name: string, id: string | number = 1) =>
  ask(session, 'tools/call', { name, arguments: { id } }, id);

describe('HTTP/2 over TLS', () => {
  it('lists and calls', async () => {
    const session = await openSession();
    expect(session.alpnProtocol).toBe('h2');
    const list = await ask(session, 'tools/list');
    const { tools } = JSON.parse(list.text).result;
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(['get_issue', 'slow_one', 'slow_two']);
    const called = await call(session, 'get_issue');
    expect([called.status, JSON.parse(called.text).result.content[0].type]).toEqual([200, 'text']);
  });

  it('carries two calls at once on one connection, and gives each its own answer', async () => {
    const session = await openSession();
    const waiting: Received[] = [];
    upstream.behave((received) => {
      waiting.push(received);
      // Neither is answered before both are there, and then the last one first.
      if (waiting.length === 2) for (const each of waiting.toReversed()) answer(each);
    });
    const [one, two] = await Promise.all([
      call(session, 'slow_one', 'one'),
      call(session, 'slow_two', 'two'),
    ]);
    expect(JSON.parse(one.text)).toMatchObject({
      id: 'one',
      result: { content: [{ text: '{"id":"one"}' }] },
    });
    expect(JSON.parse(two.text)).toMatchObject({
      id: 'two',
      result: { content: [{ text: '{"id":"two"}' }] },
    });
    upstream.behave(answer);
  });

  it('carries a stream', async () => {
    upstream.behave(answerAsStream);
    const session = await openSession();
    const params = { name: 'get_issue', arguments: {} };
    const { headers, body } = await http2Request(
      session,
      { ':method': 'POST', ':path': '/mcp', ...modernHeaders('tools/call', params, {}) },
      modernBody('tools/call', params, { meta: { progressToken: 'p' } }),
    );
    expect(headers['content-type']).toBe('text/event-stream');
    const messages = body
      .split('\n')
      .filter((line) => line.startsWith('data: {'))
      .map((line) => JSON.parse(line.slice(6)));
    expect(messages[0]).toMatchObject({ method: 'notifications/progress', params: { progressToken: 'p' } });
    expect(messages.at(-1)).toMatchObject({ id: 1, result: { resultType: 'complete' } });
    upstream.behave(answer);
  });

  it('takes back the call of a stream that is reset, and leaves the others alone', async () => {
    const session = await openSession();
    await call(session, 'get_issue');
    let gone = false;
    upstream.behave(({ response }) => response.on('close', () => (gone = true)));
    const calls = upstream.calls;
    const params = { name: 'slow_one', arguments: {} };
    const headers = { ':method': 'POST', ':path': '/mcp', ':authority': 'localhost' };
    const stream = session.request({ ...headers, ...modernHeaders('tools/call', params, {}) });
    stream.on('error', () => undefined);
    stream.end(modernBody('tools/call', params));
    await upstream.until(() => upstream.calls > calls);
    stream.close(8);
    await upstream.until(() => gone);
    upstream.behave(answer);
    expect((await call(session, 'get_issue', 'after')).status).toBe(200);
  });

  it('is offered beside HTTP/1.1, where both are declared', async () => {
    const params = { name: 'get_issue', arguments: {} };
    const answered = await rawRequest(gateway.audience(), {
      method: 'POST',
      ca: certificate,
      headers: modernHeaders('tools/call', params, {}),
      body: modernBody('tools/call', params),
    });
    expect(answered.status).toBe(200);
  });
});

describe('versions of TLS', () => {
  const connect = async (served: TestGateway, version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') => {
    const options = {
      ca: certificate,
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    };
    const socket = await openTls(portOf(served), options);
    const protocol = socket.getProtocol();
    socket.destroy();
    return protocol;
  };

  it('begin at 1.3 unless an older one is declared', async () => {
    expect(await connect(gateway, 'TLSv1.3')).toBe('TLSv1.3');
    await expect(connect(gateway, 'TLSv1.2')).rejects.toThrow(/protocol version|alert/i);
  });

  it('begin at 1.2 where that is declared, never below', async () => {
    await using older = await start({ tls: { ...tls, minVersion: '1.2' } });
    expect(await connect(older, 'TLSv1.2')).toBe('TLSv1.2');
    expect(await connect(older, 'TLSv1.3')).toBe('TLSv1.3');
    await expect(connect(older, 'TLSv1.1')).rejects.toThrow(/protocol version|alert/i);
  });

  it('are not mixed with clear text on one port', async () => {
    const url = gateway.audience().replace('https:', 'http:');
    await expect(rawRequest(url)).rejects.toThrow();
  });
});

describe('certificates', () => {
  it('[OPS-04/rotation] are replaced when their file changes: new connections see the new one, open ones go on', async () => {
    const next = makeCertificate('second');
    await using served = await start({});
    const subject = async (ca: string): Promise<string> => {
      const socket = await openTls(portOf(served), { ca, rejectUnauthorized: true, servername: 'localhost' });
      const { subject: name } = socket.getPeerCertificate();
      socket.destroy();
      return String(name.CN);
    };
    const open = await openTls(portOf(served), { ca: certificate });
    expect(await subject(certificate)).toBe('first');
    await served.writeBeside('tls.crt', next.certificate);
    await served.writeBeside('tls.key', next.key);
    await expect.poll(() => subject(next.certificate).catch(() => 'first')).toBe('second');
    await expect(subject(certificate)).rejects.toThrow();
    expect(open.destroyed).toBe(false);
    open.destroy();
  });

  it('[OPS-04/rotation] that cannot be used are not: the old one goes on, and the log says so', async () => {
    await using served = await start({});
    await served.writeBeside('tls.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    const { result } = await served.gateway.reload();
    expect(result).toBe('failed');
    const socket = await openTls(portOf(served), { ca: certificate });
    expect(socket.getPeerCertificate().subject.CN).toBe('first');
    socket.destroy();
    expect(await served.log()).toContain('configuration failed: the running one serves on');
    expect(await served.log()).not.toContain('PRIVATE KEY');
  });
});
