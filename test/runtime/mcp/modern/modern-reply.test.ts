import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { RPC } from '../../../../runtime/errors.ts';
import type { WebExchange } from '../../../../runtime/listen/exchange.ts';
import { ModernReply } from '../../../../runtime/mcp/modern/modern-reply.ts';
import { listenerNode, type ServedListener, serve } from '../../listen/listener-fixture.ts';
import { ANSWER, ERROR, NOTIFICATION } from '../reply-parts.ts';

let served: ServedListener;
afterEach(async () => {
  await served[Symbol.asyncDispose]();
});

/** What a request gets whose reply is made by `act`. */
const answered = async (act: (reply: ModernReply) => unknown) => {
  served = await serve(listenerNode(), { '/': (exchange) => void act(new ModernReply(exchange, '1')) });
  const { statusCode, headers, body } = await request(served.url);
  return { status: statusCode, type: headers['content-type'], headers, text: await body.text() };
};

describe('the reply to a modern request', () => {
  it('is JSON with its length, and whatever fails behind it changes nothing', async () => {
    const { status, type, headers, text } = await answered((reply) => {
      reply.response(ANSWER);
      reply.error(ERROR);
    });
    expect([status, type, text]).toEqual([200, 'application/json', ANSWER]);
    expect(headers['content-length']).toBe(String(ANSWER.length));
  });

  it('is an error with its status', async () => {
    const { status, text } = await answered((reply) => reply.error(ERROR));
    expect([status, JSON.parse(text)]).toMatchObject([429, { id: 1, error: { code: RPC.limited } }]);
  });

  it('is a stream of one event, with its length, where the response is there in the turn that began the stream', async () => {
    const { type, headers, text } = await answered((reply) => {
      reply.headers = ['ratelimit', '"a";r=1'];
      reply.stream();
      reply.response(ANSWER);
    });
    expect([type, text]).toEqual(['text/event-stream', `data: ${ANSWER}\n\n`]);
    expect(headers).toMatchObject({ 'content-length': String(text.length), ratelimit: '"a";r=1' });
  });

  it('is a stream in order, whatever comes before the response', async () => {
    const { type, headers, text } = await answered((reply) => {
      reply.stream();
      reply.message(NOTIFICATION);
      reply.response(ANSWER);
    });
    expect([type, headers['content-length']]).toEqual(['text/event-stream', undefined]);
    expect(text).toBe(`data: ${NOTIFICATION}\n\ndata: ${ANSWER}\n\n`);
  });

  it('is a stream of one event that is larger than what is sent whole', async () => {
    const large = JSON.stringify({ jsonrpc: '2.0', id: 1, result: 'x'.repeat(100_000) });
    const { type, text } = await answered((reply) => {
      reply.stream();
      reply.response(large);
    });
    expect([type, text]).toEqual(['text/event-stream', `data: ${large}\n\n`]);
  });

  it('is a stream whose error is an event, once it is one', async () => {
    const { status, text } = await answered((reply) => {
      reply.stream();
      reply.error(ERROR);
    });
    expect(status).toBe(200);
    expect(JSON.parse(text.slice('data: '.length))).toMatchObject({ id: 1, error: { code: RPC.limited } });
  });

  it('begins as a stream before there is anything to tell', async () => {
    const replies: ModernReply[] = [];
    served = await serve(listenerNode(), {
      '/': (exchange) => {
        const reply = new ModernReply(exchange, '1');
        replies.push(reply);
        reply.stream();
      },
    });
    const { headers, body } = await request(served.url);
    expect(headers['content-type']).toBe('text/event-stream');
    replies[0]!.response(ANSWER);
    expect(await body.text()).toBe(`data: ${ANSWER}\n\n`);
  });

  it.each([false, true])(
    'keeps its first end, whatever follows it in the same turn (a stream: %s)',
    async (isStream) => {
      const ends: Readonly<Record<string, (reply: ModernReply) => void>> = {
        response: (reply) => reply.response(ANSWER),
        error: (reply) => reply.error(ERROR),
        kept: (reply) => reply.keptResponse(ANSWER.slice(0, 10), Buffer.from(ANSWER.slice(10))),
      };
      const follows: Readonly<Record<string, (reply: ModernReply) => unknown>> = {
        ...ends,
        other: (reply) => reply.response('{"late":true}'),
        message: (reply) => reply.message(NOTIFICATION),
        stream: (reply) => reply.stream(),
        lasts: (reply) => reply.lasts(),
        suspend: (reply) => reply.suspend(),
        large: (reply) => reply.large(),
        abandon: (reply) => reply.abandon(),
      };
      const pairs = Object.keys(ends).flatMap((end) =>
        Object.keys(follows).map((then) => [end, then] as const),
      );
      const handlers = pairs.map(([end, then]) => [
        `/${end}/${then}`,
        (exchange: WebExchange) => {
          const reply = new ModernReply(exchange, '1');
          if (isStream) reply.stream();
          ends[end]!(reply);
          follows[then]!(reply);
        },
      ]);
      served = await serve(listenerNode(), Object.fromEntries(handlers));
      for (const [end, then] of pairs) {
        const { statusCode, headers, body } = await request(new URL(`/${end}/${then}`, served.url));
        const told = `${end}, then ${then}`;
        expect(headers['content-type'], told).toBe(isStream ? 'text/event-stream' : 'application/json');
        expect(statusCode, told).toBe(end === 'error' && !isStream ? 429 : 200);
        const text = await body.text();
        const json = isStream ? text.slice('data: '.length, -2) : text;
        if (end === 'error') expect(JSON.parse(json), told).toMatchObject({ error: { code: RPC.limited } });
        else expect(json, told).toBe(ANSWER);
      }
    },
  );

  it('is an error where it cannot be sent, and the others of its turn are sent', async () => {
    const waiting: ModernReply[] = [];
    served = await serve(listenerNode(), {
      '/': (exchange) => {
        waiting.push(new ModernReply(exchange, '1'));
        if (waiting.length < 3) return;
        waiting[1]!.headers = ['not a name', 'x'];
        for (const each of waiting) each.response(ANSWER);
      },
    });
    const replies = await Promise.all([1, 2, 3].map(() => request(served.url)));
    const texts = await Promise.all(replies.map(({ body }) => body.text()));
    expect(replies.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 500]);
    expect(texts.filter((text) => text === ANSWER)).toHaveLength(2);
    expect(texts.filter((text) => text.includes('"code":"internal"'))).toHaveLength(1);
    await expect
      .poll(() => served.observer.finished.map(({ record }) => record.outcome))
      .toContain('internal');
  });

  it('begins nothing for a client that has gone', async () => {
    const replies: ModernReply[] = [];
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    served = await serve(listenerNode(), {
      '/': (exchange) => {
        exchange.onAbort = resolve;
        const reply = new ModernReply(exchange, '1');
        replies.push(reply);
      },
    });
    const controller = new AbortController();
    const asked = request(served.url, { signal: controller.signal });
    while (replies.length === 0) await new Promise((next) => setImmediate(next));
    controller.abort();
    await expect(asked).rejects.toThrow();
    await gone;
    replies[0]!.stream();
    replies[0]!.response(ANSWER);
    await expect
      .poll(() => served.observer.finished.map(({ record }) => record.outcome))
      .toEqual(['aborted']);
  });
});
