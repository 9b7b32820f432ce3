import { afterEach, describe, expect, it } from 'vitest';
import type { Handler } from '../../../runtime/generation.ts';
import { readBody } from '../../../runtime/listen/body.ts';
import { startEventStream } from '../../../runtime/listen/event-stream.ts';
import { replyEmpty, replyError, replyJson } from '../../../runtime/listen/reply.ts';
import { listenerNode, type ServedListener, serve, until } from './listener-fixture.ts';
import { exchangeRaw } from './raw-client.ts';

const echo: Handler = (exchange) =>
  readBody(
    exchange,
    4096,
    (text) => replyJson(exchange, 200, JSON.stringify({ text })),
    (error) => replyError(exchange, error),
  );

let served: ServedListener;
afterEach(async () => {
  await served[Symbol.asyncDispose]();
});

const start = async (...args: Parameters<typeof serve>): Promise<void> => {
  served = await serve(...args);
};

describe('a listener over HTTP/1.1', () => {
  it('hands a request to the route of its exact path and answers with the listener headers', async () => {
    await start(listenerNode(), { '/mcp': echo });
    const reply = await fetch(`${served.url}/mcp?x=1`, { method: 'POST', body: 'hello' });
    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({ text: 'hello' });
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    expect(reply.headers.get('x-correlation-id')).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
    await until(() => served.observer.finished.length === 1);
    expect(served.observer.finished[0]).toMatchObject({
      path: '/mcp',
      status: 200,
      clientAddress: '127.0.0.1',
    });
    expect(served.held()).toBe(0);
  });

  it('answers 404 with the configured headers where no route has the exact path', async () => {
    await start(listenerNode(), { '/mcp': echo });
    for (const path of ['/', '/mcp/', '/MCP', '/mcp/x', '/%6dcp', '//mcp']) {
      const reply = await fetch(`${served.url}${path}`, { method: 'POST', body: 'x' });
      expect([path, reply.status]).toEqual([path, 404]);
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
      const body = (await reply.json()) as { error: { data: { correlationId: string } } };
      expect(body).toMatchObject({ jsonrpc: '2.0', error: { data: { code: 'not_found' } } });
      expect(body.error.data.correlationId).toBe(reply.headers.get('x-correlation-id'));
    }
  });

  it('answers by the generation that is current when a request comes', async () => {
    await start(listenerNode(), { '/a': (exchange) => replyEmpty(exchange, 204) });
    expect((await fetch(`${served.url}/a`)).status).toBe(204);
    served.swap(listenerNode({ headers: [['x-next', 'yes']] }), {
      '/b': (exchange) => replyEmpty(exchange, 204),
    });
    expect((await fetch(`${served.url}/a`)).status).toBe(404);
    const reply = await fetch(`${served.url}/b`);
    expect(reply.headers.get('x-next')).toBe('yes');
    expect(reply.headers.get('x-content-type-options')).toBeNull();
  });

  it('answers 503 while the current generation has no such listener', async () => {
    await start(listenerNode());
    served.swap(listenerNode({ name: 'other' }));
    expect((await fetch(served.url)).status).toBe(503);
  });

  it('turns an exception of a handler into a 500 that shows nothing of it', async () => {
    await start(listenerNode(), {
      '/boom': () => {
        throw new Error('secret detail');
      },
    });
    const reply = await fetch(`${served.url}/boom`);
    expect(reply.status).toBe(500);
    expect(await reply.text()).not.toContain('secret detail');
    await until(() => served.observer.finished.length === 1);
    expect(served.observer.finished[0]!.record.cause).toBeInstanceOf(Error);
  });

  it('streams events and tells the handler once the client goes away', async () => {
    let gone = 0;
    await start(listenerNode(), {
      '/events': (exchange) => {
        const stream = startEventStream(exchange);
        stream.onClose = () => {
          gone += 1;
        };
        stream.send('{"a":1}', '7', 'message');
        stream.send('two\nlines');
      },
    });
    const abort = new AbortController();
    const reply = await fetch(`${served.url}/events`, { signal: abort.signal });
    expect(reply.headers.get('content-type')).toBe('text/event-stream');
    expect(reply.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(reply.headers.get('x-accel-buffering')).toBe('no');
    let text = '';
    for await (const chunk of reply.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes('lines\n\n')) break;
    }
    abort.abort();
    expect(text).toBe('event: message\nid: 7\ndata: {"a":1}\n\ndata: two\ndata: lines\n\n');
    await until(() => gone === 1 && served.held() === 0);
    expect(served.observer.finished[0]!.record.outcome).toBe('aborted');
  });

  it('answers what is not HTTP with a bare 400 that carries the listener headers, and closes', async () => {
    await start(listenerNode());
    const reply = await exchangeRaw(served.port, 'GARBAGE\r\n\r\n');
    expect(reply).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(reply).toContain('x-content-type-options: nosniff\r\n');
    expect(served.observer.bad).toEqual([400]);
  });

  it('answers pipelined requests in order', async () => {
    await start(listenerNode(), { '/mcp': echo });
    const post = (body: string, more = ''): string =>
      `POST /mcp HTTP/1.1\r\nHost: localhost\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
    const reply = await exchangeRaw(served.port, post('one') + post('two', 'Connection: close\r\n'));
    expect(reply.match(/\{"text":"\w+"\}/g)).toEqual(['{"text":"one"}', '{"text":"two"}']);
  });
});
