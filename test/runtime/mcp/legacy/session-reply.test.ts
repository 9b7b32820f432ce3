import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { RPC } from '../../../../runtime/errors.ts';
import type { WebExchange } from '../../../../runtime/listen/exchange.ts';
import type { Session } from '../../../../runtime/mcp/legacy/session.ts';
import { SessionReply } from '../../../../runtime/mcp/legacy/session-reply.ts';
import { SessionStreams } from '../../../../runtime/mcp/legacy/session-stream.ts';
import { listenerNode, type ServedListener, serve } from '../../listen/listener-fixture.ts';
import { ANSWER, ERROR, NOTIFICATION } from '../reply-parts.ts';

let served: ServedListener;
afterEach(async () => {
  await served[Symbol.asyncDispose]();
});

/** What a reply needs of its session, and which of its requests are over. */
const sessionOf = () => {
  const finished: string[] = [];
  const told = {
    version: '2025-06-18',
    streams: new SessionStreams(),
    finished: (idText: string) => finished.push(idText),
  };
  return { session: told as unknown as Session, finished };
};

const ends: Readonly<Record<string, (reply: SessionReply) => void>> = {
  response: (reply) => reply.response(ANSWER),
  error: (reply) => reply.error(ERROR),
  abandon: (reply) => reply.abandon(),
};

const follows: Readonly<Record<string, (reply: SessionReply) => unknown>> = {
  ...ends,
  other: (reply) => reply.response('{"late":true}'),
  message: (reply) => reply.message(NOTIFICATION),
  stream: (reply) => reply.stream(),
  suspend: (reply) => reply.suspend(),
  large: (reply) => reply.large(),
};

describe('the reply to a request of a session', () => {
  it.each([false, true])(
    'keeps its first end, whatever follows it in the same turn (a stream: %s)',
    async (isStream) => {
      const { session, finished } = sessionOf();
      const pairs = Object.keys(ends).flatMap((end) =>
        Object.keys(follows).map((then) => [end, then] as const),
      );
      const handlers = pairs.map(([end, then]) => [
        `/${end}/${then}`,
        (exchange: WebExchange) => {
          const reply = new SessionReply(exchange, session, `"${end}, then ${then}"`);
          if (isStream) reply.stream();
          ends[end]!(reply);
          follows[then]!(reply);
        },
      ]);
      served = await serve(listenerNode(), Object.fromEntries(handlers));
      for (const [end, then] of pairs) {
        const { statusCode, body } = await request(new URL(`/${end}/${then}`, served.url));
        const told = `${end}, then ${then}`;
        const plain = { response: 200, error: 429, abandon: 202 }[end];
        expect(statusCode, told).toBe(isStream ? 200 : plain);
        const text = await body.text();
        const json = isStream ? text.slice(text.indexOf('data: ') + 'data: '.length).trimEnd() : text;
        if (end === 'response') expect(json, told).toBe(ANSWER);
        if (end === 'error') expect(JSON.parse(json), told).toMatchObject({ error: { code: RPC.limited } });
        if (end === 'abandon') expect(text, told).toBe('');
      }
      expect(finished).toEqual(pairs.map((pair) => `"${pair.join(', then ')}"`));
    },
  );

  it('is an error where it cannot be sent', async () => {
    const { session } = sessionOf();
    served = await serve(listenerNode(), {
      '/': (exchange) => {
        const reply = new SessionReply(exchange, session, '1');
        reply.headers = ['not a name', 'x'];
        reply.response(ANSWER);
      },
    });
    const { statusCode, body } = await request(served.url);
    expect([statusCode, await body.json()]).toMatchObject([
      500,
      { id: 1, error: { data: { code: 'internal' } } },
    ]);
  });
});
