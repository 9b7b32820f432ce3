import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { asGatewayError, GatewayError, RPC } from '../../../runtime/errors.ts';
import type { WebExchange } from '../../../runtime/listen/exchange.ts';
import { replyEmpty, replyError, replyJson, replyText } from '../../../runtime/listen/reply.ts';
import { listenerNode, type ServedListener, serve, until } from './listener-fixture.ts';

let served: ServedListener;
afterEach(async () => {
  await served[Symbol.asyncDispose]();
});

/** The reply to a request that is answered by `act`. */
const answered = async (act: (exchange: WebExchange) => void) => {
  served = await serve(listenerNode(), { '/': act });
  const reply = await request(served.url);
  const text = await reply.body.text();
  await until(() => served.observer.finished.length === 1);
  return {
    status: reply.statusCode,
    headers: reply.headers,
    text,
    record: served.observer.finished[0]!.record,
  };
};

describe('replies', () => {
  it('carry a length in bytes, the headers of the listener and those of the reply, which win', async () => {
    const { headers, text } = await answered((exchange) =>
      replyJson(exchange, 200, '"ä€"', ['cache-control', 'private', 'x-own', 'yes']),
    );
    expect(text).toBe('"ä€"');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '7',
      'cache-control': 'private',
      'x-content-type-options': 'nosniff',
      'x-own': 'yes',
    });
  });

  it('have any media type, or no body at all', async () => {
    const text = await answered((exchange) => replyText(exchange, 200, 'text/plain', 'hello'));
    expect([text.headers['content-type'], text.text]).toEqual(['text/plain', 'hello']);
    await served[Symbol.asyncDispose]();
    const accepted = await answered((exchange) => replyEmpty(exchange, 202));
    expect([accepted.status, accepted.headers['content-length'], accepted.text]).toEqual([202, '0', '']);
    await served[Symbol.asyncDispose]();
    const none = await answered((exchange) => replyEmpty(exchange, 204));
    expect([none.status, none.headers['content-length']]).toEqual([204, undefined]);
  });

  it('are sent once: the second is not, and says so', async () => {
    const sent: boolean[] = [];
    const { text, record } = await answered((exchange) => {
      sent.push(replyJson(exchange, 200, '1'), replyJson(exchange, 500, '2'), replyEmpty(exchange, 202));
      sent.push(replyError(exchange, asGatewayError(new Error('late'))));
    });
    expect([sent, text, record.outcome]).toEqual([[true, false, false, false], '1', 'ok']);
  });
});

describe('replyError', () => {
  const limited = new GatewayError('rate_limited', 'too many "calls"', {
    status: 429,
    rpcCode: RPC.limited,
    retryAfterMs: 1_200,
    headers: ['ratelimit', '"fair";r=0;t=2'],
    data: { limit: 'fair', code: 'forged', correlationId: 'forged' },
  });

  it('sends a JSON-RPC error with a stable code, the correlation id and the headers of the error', async () => {
    const { status, headers, text, record } = await answered((exchange) => {
      replyError(exchange, limited, '"id-1"', ['x-own', 'yes']);
    });
    expect([status, headers['retry-after'], headers.ratelimit, headers['x-own']]).toEqual([
      429,
      '2',
      '"fair";r=0;t=2',
      'yes',
    ]);
    expect(JSON.parse(text)).toEqual({
      jsonrpc: '2.0',
      id: 'id-1',
      error: {
        code: -31002,
        message: 'too many "calls"',
        data: { limit: 'fair', code: 'rate_limited', correlationId: headers['x-correlation-id'] },
      },
    });
    expect(record.outcome).toBe('rate_limited');
  });

  it('leaves the id out where there is none, and says null where a legacy caller wants that', async () => {
    const without = await answered((exchange) => replyError(exchange, limited));
    expect(JSON.parse(without.text)).not.toHaveProperty('id');
    await served[Symbol.asyncDispose]();
    const legacy = await answered((exchange) => replyError(exchange, limited, 'null'));
    expect(JSON.parse(legacy.text).id).toBeNull();
  });

  it('keeps the cause for the record and shows nothing of it', async () => {
    const cause = new Error('connect ECONNREFUSED 10.0.0.7:8080');
    const { text, headers, record } = await answered((exchange) =>
      replyError(exchange, new GatewayError('upstream_unavailable', 'upstream is not available', { cause })),
    );
    expect(text + JSON.stringify(headers)).not.toContain('10.0.0.7');
    expect(record.cause).toBe(cause);
  });
});

describe('the head of a plain reply', () => {
  /** The reply as bytes came, but for the date and the id, once `isWhole`. */
  const bytesOf = async (port: number, head: string, isWhole: (text: string) => boolean): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.write(`${head}\r\n`);
    await until(() => isWhole(text));
    socket.destroy();
    return text
      .replace(/^Date: .{29}$/m, 'Date: now')
      .replace(/^x-correlation-id: .*$/m, 'x-correlation-id: id');
  };
  const POST = 'POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n';

  const raw = async (act: (exchange: WebExchange) => void, head = POST): Promise<string> => {
    served = await serve(listenerNode(), { '/': act });
    const isWhole = (text: string): boolean =>
      served.observer.finished.length === 1 && text.includes('\r\n\r\n');
    const text = await bytesOf(served.port, head, isWhole);
    await served[Symbol.asyncDispose]();
    return text;
  };

  it.each([
    ['alone', []],
    ['with headers of its own', ['ratelimit', '"a";r=1;t=2', 'mcp-session-id', 'abc']],
  ])('is what Node.js makes of the same headers, %s', async (_what, own) => {
    let shared: readonly string[] = [];
    const made = await raw((exchange) => {
      shared = exchange.replyHeaders;
      replyJson(exchange, 200, '{"a":"ä"}', own);
    });
    const server = createServer({ keepAliveTimeout: 10_000 }, (_request, response) => {
      const head = [...shared, ...own, 'content-type', 'application/json', 'content-length', '10'];
      response.writeHead(200, [...head, 'x-correlation-id', 'id']).end('{"a":"ä"}');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const byNode = await bytesOf((server.address() as AddressInfo).port, POST, (text) => text.endsWith('}'));
    server.close();
    expect(made).toBe(byNode);
    expect(made).toMatch(
      /^HTTP\/1\.1 200 OK\r\n.*\r\nDate: now\r\nConnection: keep-alive\r\nKeep-Alive: timeout=\d+\r\n\r\n/s,
    );
  });

  it('says so where the connection ends with the reply, or no body may follow', async () => {
    const reply = (exchange: WebExchange) => replyJson(exchange, 200, '{}');
    expect(await raw(reply, `${POST}connection: close\r\n`)).toContain('\r\nConnection: close\r\n');
    expect(await raw(reply, POST.replace('POST', 'HEAD'))).toMatch(/\r\n\r\n$/);
  });

  it('never carries a line end out of a value', async () => {
    let thrown: unknown;
    const text = await raw((exchange) => {
      try {
        replyJson(exchange, 200, '{}', ['x-own', 'a\r\nset-cookie: b']);
      } catch (error) {
        thrown = error;
        replyJson(exchange, 500, '{}');
      }
    });
    expect(thrown).toMatchObject({ code: 'ERR_INVALID_CHAR' });
    expect(text).toMatch(/^HTTP\/1\.1 500 /);
    expect(text).not.toContain('set-cookie');
  });
});
