import { Readable } from 'node:stream';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import type { Handler } from '../../../runtime/generation.ts';
import { isJsonContentType, readBody } from '../../../runtime/listen/body.ts';
import { replyError, replyJson } from '../../../runtime/listen/reply.ts';
import { listenerNode, type ServedListener, serve, until } from './listener-fixture.ts';
import { exchangeRaw, RawConnection } from './raw-client.ts';

const MAX_BYTES = 1_000;
const calls: string[] = [];

const echo: Handler = (exchange) =>
  readBody(
    exchange,
    MAX_BYTES,
    (text) => {
      calls.push('body');
      replyJson(exchange, 200, JSON.stringify({ text }));
    },
    (error) => {
      calls.push(error.code);
      replyError(exchange, error);
    },
  );

let served: ServedListener;
afterEach(async () => {
  calls.length = 0;
  await served[Symbol.asyncDispose]();
});

const start = async (): Promise<void> => {
  served = await serve(listenerNode(), { '/mcp': echo });
};

const HEAD = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\n';

describe('readBody', () => {
  it('reads a body in one piece or many, with or without a length, to the last admitted byte', async () => {
    await start();
    for (const text of ['', 'x', 'ä€😀', 'y'.repeat(MAX_BYTES)]) {
      const reply = await request(`${served.url}/mcp`, { method: 'POST', body: text });
      expect(await reply.body.json()).toEqual({ text });
      const chunks = Readable.from(
        text === '' ? [] : [...Buffer.from(text)].map((byte) => Buffer.from([byte])),
      );
      const streamed = await request(`${served.url}/mcp`, { method: 'POST', body: chunks });
      expect(await streamed.body.json()).toEqual({ text });
    }
  });

  it('refuses by its Content-Length a body that is too large, without waiting for it', async () => {
    await start();
    const connection = new RawConnection(served.port);
    connection.write(`${HEAD}Content-Length: ${MAX_BYTES + 1}\r\n\r\n`);
    const reply = await connection.until('body_too_large');
    expect(reply).toMatch(/^HTTP\/1.1 413/);
    expect(reply).toContain('x-content-type-options: nosniff');
    connection.socket.destroy();
  });

  it('keeps the connection usable after it has refused a body that then comes', async () => {
    await start();
    const reply = await exchangeRaw(
      served.port,
      `${HEAD}Content-Length: ${MAX_BYTES + 1}\r\n\r\n${'x'.repeat(MAX_BYTES + 1)}${HEAD}Connection: close\r\nContent-Length: 2\r\n\r\nok`,
    );
    expect(reply.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
  });

  it('refuses a body without length as soon as it is too large, while it still comes', async () => {
    await start();
    const connection = new RawConnection(served.port);
    connection.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    for (let i = 0; i < 3; i += 1) connection.write(`190\r\n${'x'.repeat(0x190)}\r\n`);
    expect(await connection.until('body_too_large')).toMatch(/^HTTP\/1.1 413/);
    connection.socket.destroy();
    await until(() => served.held() === 0);
    expect(calls).toEqual(['body_too_large']);
  });

  it('cuts off a client that goes on sending what was refused', async () => {
    await start();
    const connection = new RawConnection(served.port);
    connection.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
    const flood = setInterval(() => connection.write(chunk), 1);
    await connection.closed;
    clearInterval(flood);
    expect(connection.socket.bytesWritten).toBeLessThan(200 * 1024 * 1024);
  });

  it('asks for a body only after it has looked at the headers', async () => {
    await start();
    const expecting = `${HEAD}Expect: 100-continue\r\nConnection: close\r\n`;
    const refused = await exchangeRaw(served.port, `${expecting}Content-Length: ${MAX_BYTES + 1}\r\n\r\n`);
    expect(refused).toMatch(/^HTTP\/1.1 413/);
    const admitted = new RawConnection(served.port);
    admitted.write(`${expecting}Content-Length: 2\r\n\r\n`);
    await admitted.until('HTTP/1.1 100 Continue\r\n\r\n');
    admitted.write('ok');
    await admitted.closed;
    expect(admitted.text).toContain('{"text":"ok"}');
  });

  it('refuses a body that is encoded', async () => {
    await start();
    for (const encoding of ['gzip', 'br', 'identity, gzip', 'GZIP', '']) {
      const headers = { 'content-encoding': encoding };
      const reply = await request(`${served.url}/mcp`, { method: 'POST', body: 'x', headers });
      expect([encoding, reply.statusCode]).toEqual([encoding, 415]);
      await reply.body.dump();
    }
    const headers = { 'content-encoding': 'identity' };
    expect((await request(`${served.url}/mcp`, { method: 'POST', body: 'x', headers })).statusCode).toBe(200);
  });

  it('refuses what is not UTF-8, overlong forms and surrogates included', async () => {
    await start();
    for (const bytes of ['ff', 'c080', 'eda080', 'f4908080', '22e2']) {
      const body = Buffer.from(bytes, 'hex');
      const reply = await request(`${served.url}/mcp`, { method: 'POST', body });
      expect([bytes, reply.statusCode]).toEqual([bytes, 400]);
      expect(await reply.body.json()).toMatchObject({
        error: { code: -32700, data: { code: 'parse_error' } },
      });
    }
  });

  it('calls neither callback for a client that goes away, and lets the generation go', async () => {
    await start();
    const connection = new RawConnection(served.port);
    connection.write(`${HEAD}Content-Length: 100\r\n\r\nhalf`);
    await until(() => served.observer.started === 1);
    connection.socket.destroy();
    await until(() => served.held() === 0);
    expect(calls).toEqual([]);
    expect(served.observer.finished[0]).toMatchObject({ status: 0, record: { outcome: 'aborted' } });
  });
});

describe('isJsonContentType', () => {
  it('admits JSON in UTF-8 with any parameters', () => {
    const good = [
      'application/json',
      'Application/JSON',
      'application/json; charset=utf-8',
      'application/json;charset="UTF-8"',
      'application/json ; profile=x',
    ];
    expect(good.filter((type) => !isJsonContentType(type))).toEqual([]);
  });

  it('admits nothing else', () => {
    const bad = [
      undefined,
      '',
      'text/plain',
      'application/jsonp',
      'application/json-rpc',
      'application/jsonx; charset=utf-8',
      'text/plain; application/json',
      'multipart/form-data, application/json',
      'application/json; charset=latin1',
      'application/json; charset=utf-16',
      'application/json, text/plain',
    ];
    expect(bad.filter(isJsonContentType)).toEqual([]);
  });
});
