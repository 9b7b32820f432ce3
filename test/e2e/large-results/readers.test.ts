import http from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHttp2 } from '../../runtime/listen/http2-client.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { configuration } from '../../support/configuration.ts';
import { answer, event, type FastUpstream, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { answerLarge, largeResponse, sendPieces } from '../../support/large-upstream.ts';
import { openSession } from '../../support/legacy-client.ts';
import { callTool, modernBody, modernHeaders } from '../../support/modern-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const MIB = 1024 * 1024;
const TYPE = ',"resultType":"complete"';
const PARAMS = { name: 'fetch', arguments: {} };

const { certificate, key } = makeCertificate('first');
const files = { 'tls.crt': certificate, 'tls.key': key };
const tls = { certificate: '${file:./tls.crt}', key: '${file:./tls.key}' };

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('big', ['fetch']);
  gateway = await startTestGateway(configuration({ big: upstream.url }), { tap: false });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** Begins a call; the answer is read by the test. */
const begin = async (body: string, headers: http.OutgoingHttpHeaders): Promise<http.IncomingMessage> => {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = http.request(gateway.url(), { method: 'POST', agent: false, headers });
  request.on('error', reject).on('response', resolve).end(body);
  return await promise;
};

const beginModern = (): Promise<http.IncomingMessage> =>
  begin(modernBody('tools/call', PARAMS), modernHeaders('tools/call', PARAMS, {}));

const textOf = async (response: http.IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
};

describe('a client that reads a large result slowly', () => {
  it('holds no connection to the upstream up by results of less than a mebibyte, though it reads nothing', async () => {
    let large = 0;
    upstream.behave((received) => {
      const { message, response } = received;
      const { isSmall } = message.params!.arguments as { isSmall?: boolean };
      if (isSmall === true) {
        answer(received);
        return;
      }
      large += 1;
      const layout = { bytes: 900 * 1024, more: TYPE };
      void sendPieces(response, 'json', largeResponse(String(message.id), layout));
    });
    const one = configuration({ big: upstream.url }, { upstream: { connections: 1 } });
    await using narrow = await startTestGateway(one, { tap: false });
    const { hostname, port } = new URL(narrow.url());
    const body = modernBody('tools/call', { ...PARAMS, arguments: {} });
    const head = Object.entries(modernHeaders('tools/call', PARAMS, {}))
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
    const request = `POST /mcp HTTP/1.1\r\nHost: ${hostname}\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`;
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    // Of so many the system holds only the first.
    socket.pause().write(request.repeat(50));
    let before = -1;
    const rests = (): boolean => {
      const rested = large > 0 && large === before;
      before = large;
      return rested;
    };
    await expect.poll(rests, { interval: 300, timeout: 30_000 }).toBe(true);
    expect(large).toBeLessThan(50);
    for (let call = 0; call < 3; call += 1)
      expect((await callTool(narrow.url(), 'fetch', { isSmall: true })).status).toBe(200);
    socket.destroy();
  }, 120_000);

  it.each(['json', 'stream'] as const)(
    'holds the upstream back, and gets all of it: %s',
    async (kind) => {
      const layout = { bytes: 64 * MIB, more: TYPE };
      let sentBytes = 0;
      upstream.behave(({ message, response }) => {
        const counted = function* (): Generator<Buffer> {
          for (const piece of largeResponse(String(message.id), layout)) {
            sentBytes += piece.length;
            yield piece;
          }
        };
        void sendPieces(response, kind, counted());
      });
      const response = await beginModern();
      let before = -1;
      const rests = (): boolean => {
        const rested = sentBytes === before;
        before = sentBytes;
        return rested;
      };
      await expect.poll(rests, { interval: 300, timeout: 60_000 }).toBe(true);
      // What lies between the two is in the buffers of the system.
      expect(sentBytes).toBeLessThan(40 * MIB);
      const text = await textOf(response);
      const expected = Buffer.concat([...largeResponse('1', layout)]).toString('utf8');
      expect(text === (kind === 'json' ? expected : `data: ${expected}\n\n`)).toBe(true);
    },
    120_000,
  );
});

describe('a client that goes away in the middle of a large result', () => {
  it.each(['json', 'stream'] as const)('closes the stream upstream: %s', async (kind) => {
    const closed = Promise.withResolvers<boolean>();
    upstream.behave((received) => {
      received.response.on('close', () => closed.resolve(received.response.writableFinished));
      answerLarge(kind, () => ({ bytes: 100 * MIB, more: TYPE }))(received);
    });
    const response = await beginModern();
    response.destroy();
    expect(await closed.promise).toBe(false);
  });

  it('is told to call again when it resumes its stream, because nobody keeps as much', async () => {
    const closed = Promise.withResolvers<void>();
    upstream.behave(({ message, response }) => {
      response.on('close', () => closed.resolve());
      openStream(response);
      response.write(
        event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 1 } }),
      );
      void sendPieces(response, 'stream', largeResponse(String(message.id), { bytes: 100 * MIB }));
    });
    const session = await openSession(gateway.url());
    const accept = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'mine', method: 'tools/call', params: PARAMS });
    const response = await begin(body, { ...accept, ...session });
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk;
      if (text.length > 2 * MIB) break;
    }
    await closed.promise;
    const ids = [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id!);
    const resume = (id: string) =>
      rawRequest(gateway.url(), {
        headers: { ...session, accept: 'text/event-stream', 'last-event-id': id },
      });
    const resumed = await resume(ids.at(-1)!);
    const [last] = [...resumed.text.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data!));
    expect(last).toMatchObject({ id: 'mine', error: { data: { code: 'result_too_large' } } });
    expect(resumed.text.length).toBeLessThan(1000);
    expect(text.includes('notifications/message')).toBe(true);
  });
});

describe('a large result over HTTP/2', () => {
  it('comes as it was sent, and is reset where the upstream breaks off', async () => {
    const listener = { tls, http: ['h2'] };
    await using secure = await startTestGateway(configuration({ big: upstream.url }, { listener }), {
      files,
    });
    const session = await openHttp2(Number(new URL(secure.url()).port), certificate);
    const read = (): Promise<string> => {
      const head = { ':method': 'POST', ':path': '/mcp', ':authority': 'localhost' };
      const stream = session.request({ ...head, ...modernHeaders('tools/call', PARAMS, {}) });
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      let text = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      stream.on('error', reject).on('end', () => resolve(text));
      stream.end(modernBody('tools/call', PARAMS));
      return promise;
    };
    const layout = { bytes: 5 * MIB, more: TYPE };
    upstream.behave(answerLarge('json', () => layout));
    expect((await read()) === Buffer.concat([...largeResponse('1', layout)]).toString('utf8')).toBe(true);
    upstream.behave(({ message, response }) => {
      const pieces = [...largeResponse(String(message.id), layout)];
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(Buffer.concat(pieces.slice(0, -3)), () => response.socket!.destroy());
    });
    await expect(read()).rejects.toMatchObject({ code: 'ERR_HTTP2_STREAM_ERROR' });
    session.destroy();
  });
});
