import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../runtime/generation.ts';
import { readBody } from '../../../runtime/listen/body.ts';
import type { WebExchange } from '../../../runtime/listen/exchange.ts';
import { holdOn, letGo } from '../../../runtime/listen/generation-hold.ts';
import { replyEmpty, replyError } from '../../../runtime/listen/reply.ts';
import {
  BODY_BLOCK_BYTES,
  NEVER_SHEDS,
  OVERLOADED,
  type Shedding,
} from '../../../runtime/listen/shedding.ts';
import type { ListenerNode } from '../../../schema/graph/listener.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { type Http2Reply, http2Request, openHttp2 } from './http2-client.ts';
import { listenerNode, serve, until } from './listener-fixture.ts';
import { exchangeRaw, RawConnection } from './raw-client.ts';

const taken: Handler = (exchange) =>
  readBody(
    exchange,
    exchange.listener === 'edge' ? 1024 * 1024 : 0,
    () => replyEmpty(exchange, 204),
    (error) => replyError(exchange, error),
  );

const under = (changes: Partial<Shedding>, node: Partial<ListenerNode> = {}) =>
  serve(listenerNode(node), { '/mcp': taken }, { ...NEVER_SHEDS, ...changes });

const SHEDS = { sheds: true, refusal: () => OVERLOADED.event_loop };

const head = (method: string, length: number): string =>
  `${method} /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`;

describe('a listener that sheds', () => {
  it('answers new work with 503 and a time to come back, with the headers of any reply', async () => {
    await using served = await under(SHEDS);
    const reply = await fetch(`${served.url}/mcp`, { headers: { origin: 'https://app.example' } });
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).toBe('2');
    expect(reply.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(await reply.json()).toMatchObject({
      error: { code: -31002, data: { code: 'overloaded', reason: 'event_loop' } },
    });
  });

  it('looks at what is small first, and lets sessions end', async () => {
    await using served = await under(SHEDS);
    const post = (length: number) =>
      fetch(`${served.url}/mcp`, { method: 'POST', body: 'x'.repeat(length) }).then(({ status }) => status);
    expect(await post(16 * 1024)).toBe(204);
    expect(await post(16 * 1024 + 1)).toBe(503);
    expect((await fetch(`${served.url}/mcp`, { method: 'DELETE' })).status).toBe(204);
    const chunked =
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(await exchangeRaw(served.port, `${chunked}0\r\n\r\n`)).toContain(' 503 ');
  });

  it('refuses hosts and origins that are not its own as ever', async () => {
    await using served = await under(SHEDS);
    const reply = await fetch(`${served.url}/mcp`, { headers: { origin: 'https://evil.example' } });
    expect(reply.status).toBe(403);
  });

  it('gives up a large body that is under way', async () => {
    const shedding = { ...NEVER_SHEDS, sheds: false, refusal: () => OVERLOADED.memory };
    await using served = await serve(listenerNode(), { '/mcp': taken }, shedding);
    const connection = new RawConnection(served.port);
    connection.write(head('POST', 500_000) + 'x'.repeat(200_000));
    await until(() => served.observer.started === 1);
    shedding.sheds = true;
    connection.write('x'.repeat(200_000));
    expect(await connection.until('overloaded')).toContain(' 503 ');
    connection.socket.destroy();
  });

  it('refuses no operation', async () => {
    await using served = await under(SHEDS, { serve: ['health'] });
    expect((await fetch(`${served.url}/mcp`, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(`${served.url}/mcp`)).status).toBe(204);
  });
});

describe('room for bodies', () => {
  it('is taken block by block and given back by whatever becomes of the body', async () => {
    let held = 0;
    const room = {
      hold: (blocks: number) => {
        if (held + blocks * BODY_BLOCK_BYTES > 300_000) return false;
        held += blocks * BODY_BLOCK_BYTES;
        return true;
      },
      giveBack: (blocks: number) => {
        held -= blocks * BODY_BLOCK_BYTES;
      },
    };
    await using served = await under(room);
    const first = new RawConnection(served.port);
    first.write(head('POST', 250_000) + 'x'.repeat(249_999));
    await until(() => held > 150_000);
    const second = new RawConnection(served.port);
    second.write(head('POST', 250_000) + 'x'.repeat(250_000));
    expect(await second.until('overloaded')).toContain(' 503 ');
    first.write('x');
    expect(await first.until('\r\n\r\n')).toContain(' 204 ');
    await until(() => held === 0);
    const gone = new RawConnection(served.port);
    gone.write(head('POST', 250_000) + 'x'.repeat(249_999));
    await until(() => held > 150_000);
    gone.socket.destroy();
    await until(() => held === 0);
  });

  it('is kept for a large one until its request is over, as its message is', async () => {
    let held = 0;
    const room = {
      hold: (blocks: number) => {
        held += blocks;
        return true;
      },
      giveBack: (blocks: number) => {
        held -= blocks;
      },
    };
    const asked: (() => void)[] = [];
    /** What goes on though its client is gone, as calls of sessions do. */
    const behind: (() => void)[] = [];
    let goesOn = false;
    const hang: Handler = (exchange) =>
      readBody(
        exchange,
        1024 * 1024,
        () => {
          if (goesOn && holdOn(exchange)) behind.push(() => letGo(exchange));
          asked.push(() => replyEmpty(exchange, 204));
        },
        (error) => replyError(exchange, error),
      );
    await using served = await serve(listenerNode(), { '/mcp': hang }, { ...NEVER_SHEDS, ...room });
    const ask = async (length: number): Promise<RawConnection> => {
      const connection = new RawConnection(served.port);
      const before = asked.length;
      connection.write(head('POST', length) + 'x'.repeat(length - 1));
      await until(() => held > 0);
      connection.write('x');
      await until(() => asked.length > before);
      return connection;
    };
    const answered = await ask(250_000);
    expect(held).toBe(Math.ceil(250_000 / BODY_BLOCK_BYTES));
    asked.pop()!();
    expect(await answered.until('\r\n\r\n')).toContain(' 204 ');
    await until(() => held === 0);
    const gone = await ask(20_000);
    expect(held).toBe(Math.ceil(20_000 / BODY_BLOCK_BYTES));
    gone.socket.destroy();
    await until(() => held === 0);
    goesOn = true;
    const left = await ask(20_000);
    left.socket.destroy();
    await until(() => served.observer.finished.length === 3);
    expect(held).toBe(Math.ceil(20_000 / BODY_BLOCK_BYTES));
    behind.pop()!();
    expect(held).toBe(0);
    goesOn = false;
    const small = await ask(16_000);
    expect(held).toBe(0);
    small.socket.destroy();
  });

  it('is taken over HTTP/2 for what comes in one piece, too, where that is not small', async () => {
    let held = 0;
    const room = {
      hold: (blocks: number) => {
        held += blocks;
        return held < 10;
      },
      giveBack: (blocks: number) => {
        held -= blocks;
      },
    };
    const answers: (() => void)[] = [];
    const hang: Handler = (exchange) =>
      readBody(
        exchange as WebExchange,
        1024 * 1024,
        () => void answers.push(() => replyEmpty(exchange as WebExchange, 204)),
        (error) => replyError(exchange as WebExchange, error),
      );
    const certificate = makeCertificate('first');
    const node = listenerNode({ tls: { ...certificate, minVersion: '1.2' }, http: ['h2'] });
    await using served = await serve(
      node,
      { '/mcp': hang },
      { ...NEVER_SHEDS, ...room, ...SHEDS, sheds: false },
    );
    const session = await openHttp2(served.port, certificate.certificate);
    const post = (length: number): Promise<Http2Reply> =>
      http2Request(
        session,
        { ':method': 'POST', ':path': '/mcp', 'content-length': String(length) },
        'x'.repeat(length),
      );
    const small = post(4_000);
    await until(() => answers.length === 1);
    expect(held).toBe(0);
    const more = post(12_000);
    await until(() => answers.length === 2);
    expect(held).toBe(3);
    for (const answer of answers.splice(0)) answer();
    expect([(await small).status, (await more).status]).toEqual([204, 204]);
    await until(() => held === 0);
    held = 8;
    expect((await post(12_000)).status).toBe(503);
    session.destroy();
  });

  it('is taken for the first piece, too, unless it is all of the body', async () => {
    const holds: number[] = [];
    const room = {
      hold: (blocks: number, by: string) => {
        holds.push(blocks);
        expect(by).toBe('127.0.0.1');
        return true;
      },
      giveBack: (blocks: number) => {
        holds.push(-blocks);
      },
    };
    await using served = await under(room);
    const chunked = new RawConnection(served.port);
    chunked.write(
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    );
    await until(() => holds.length > 0);
    // What dribbles is counted once for each block that it fills.
    for (let count = 0; count < 100; count += 1) chunked.write('5\r\nhello\r\n');
    chunked.write(`1000\r\n${'x'.repeat(0x1000)}\r\n0\r\n\r\n`);
    expect(await chunked.until('\r\n\r\n')).toContain(' 204 ');
    chunked.socket.destroy();
    expect(holds.splice(0)).toEqual([1, 1, -2]);
    expect(await exchangeRaw(served.port, `${head('POST', 5)}hello`)).toContain(' 204 ');
    expect(holds).toEqual([]);
  });
});
