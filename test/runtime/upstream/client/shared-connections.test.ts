import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpClient, LineFull } from '../../../../runtime/upstream/client/client.ts';
import type { Outgoing } from '../../../../runtime/upstream/client/outgoing.ts';
import { requestLines } from '../../../../runtime/upstream/client/request-head.ts';
import { until } from '../polling.ts';
import { CollectedReply } from './collected-reply.ts';
import { type RawServer, startRawServer } from './raw-server.ts';

interface Asked {
  readonly caller: string;
  readonly body: string;
  readonly reply: CollectedReply;
  readonly outgoing: Outgoing;
}

/** A request that the server has and did not answer. */
interface Held {
  readonly socket: Socket;
  readonly body: string;
}

class Setting implements AsyncDisposable {
  readonly client: HttpClient;
  readonly asked: Asked[] = [];
  readonly #server: RawServer;
  readonly #came: Held[];
  #made = 0;

  constructor(server: RawServer, came: Held[], options: { connections: number; waiting?: number }) {
    this.client = new HttpClient(server.url, { connectMs: 60_000, idleMs: 60_000, ...options });
    this.#server = server;
    this.#came = came;
  }

  ask(caller: string): Asked {
    this.#made += 1;
    const body = `${caller}${this.#made}`;
    const reply = new CollectedReply();
    const head = requestLines('POST', '/mcp', 'upstream.test');
    const outgoing = this.client.send({ head, isHead: false, body, caller }, reply);
    const asked = { caller, body, reply, outgoing };
    this.asked.push(asked);
    return asked;
  }

  /** What the server has of requests that are not over. */
  get held(): readonly Held[] {
    const bodies = new Set(this.unanswered.map(({ body }) => body));
    return this.#came.filter(({ body }) => bodies.has(body));
  }

  answer({ socket }: Held): void {
    const at = this.#came.findIndex((other) => other.socket === socket);
    this.#came.splice(at, 1);
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx');
  }

  breakOff({ socket }: Held): void {
    const at = this.#came.findIndex((other) => other.socket === socket);
    this.#came.splice(at, 1);
    socket.destroy();
  }

  get unanswered(): readonly Asked[] {
    return this.asked.filter(({ reply, outgoing }) => reply.ends === 0 && !outgoing.over);
  }

  /** Answers whatever comes until nothing is left. */
  async drain(): Promise<void> {
    await until(() => {
      for (const each of this.held) this.answer(each);
      return this.unanswered.length === 0;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close(new Error('closed by the test'));
    await this.#server[Symbol.asyncDispose]();
  }
}

const setting = async (options: { connections: number; waiting?: number }): Promise<Setting> => {
  const came: Held[] = [];
  const server = await startRawServer((socket, text) => {
    const body = text.slice(text.indexOf('\r\n\r\n') + 4);
    came.push({ socket, body });
  });
  return new Setting(server, came, options);
};

describe('connections that callers share', () => {
  it('are given to callers in turn', async () => {
    await using each = await setting({ connections: 1 });
    each.ask('a');
    await until(() => each.held.length === 1);
    for (const caller of ['a', 'a', 'a', 'b', 'b', 'c']) each.ask(caller);
    const order: string[] = [];
    for (let served = 0; served < 7; served += 1) {
      await until(() => each.held.length === 1);
      order.push(each.held[0]!.body);
      each.answer(each.held[0]!);
    }
    expect(order).toEqual(['a1', 'a2', 'b5', 'c7', 'a3', 'b6', 'a4']);
  });

  it('are left to others, an eighth of them, by whoever has all the rest', async () => {
    await using each = await setting({ connections: 16 });
    for (let call = 0; call < 2500; call += 1) each.ask('a');
    await until(() => each.held.length === 14);
    for (let call = 0; call < 50; call += 1) {
      const asked = each.ask('b');
      await until(() => each.held.some(({ body }) => body === asked.body));
      expect(each.held).toHaveLength(15);
      each.answer(each.held.find(({ body }) => body === asked.body)!);
      await asked.reply.ended;
    }
    // Who has less than its share takes what is free, and waits for nobody.
    const two = [each.ask('b'), each.ask('b')];
    await until(() => each.held.length === 16);
    expect(each.held.filter(({ body }) => body.startsWith('b'))).toHaveLength(2);
    each.answer(each.held.find(({ body }) => body === two[0]!.body)!);
    await two[0]!.reply.ended;
    expect(each.client.waiting).toBe(2486);
    await each.drain();
    expect(each.asked.every(({ reply }) => reply.body === 'x')).toBe(true);
  });

  it('have a line of which an eighth of the places is left to others', async () => {
    await using each = await setting({ connections: 1, waiting: 16 });
    each.ask('a');
    await until(() => each.held.length === 1);
    const ours = Array.from({ length: 15 }, () => each.ask('a'));
    expect(ours.map(({ reply }) => reply.error instanceof LineFull)).toEqual([
      ...Array<boolean>(14).fill(false),
      true,
    ]);
    expect([each.ask('b'), each.ask('c')].map(({ reply }) => reply.error)).toEqual([undefined, undefined]);
    expect(each.ask('d').reply.error).toBeInstanceOf(LineFull);
    await each.drain();
  });

  it('are all there again, whatever ends, in whatever order', async () => {
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('a', 'a', 'a', 'b', 'c').map((ask) => ({ ask })) },
      { weight: 2, arbitrary: fc.nat().map((answer) => ({ answer })) },
      { weight: 1, arbitrary: fc.nat().map((breakOff) => ({ breakOff })) },
      { weight: 1, arbitrary: fc.nat().map((abort) => ({ abort })) },
      { weight: 2, arbitrary: fc.constant({ turn: true }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 120 }), async (acts) => {
        await using each = await setting({ connections: 8 });
        const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % list.length];
        for (const one of acts) {
          const { held, unanswered } = each;
          expect(held.length).toBeLessThanOrEqual(8);
          if ('ask' in one) each.ask(one.ask);
          else if ('turn' in one) await new Promise((resolve) => setImmediate(resolve));
          else if ('abort' in one) pick(unanswered, one.abort)?.outgoing.abort();
          else {
            const which = pick(held, 'answer' in one ? one.answer : one.breakOff);
            if (which !== undefined) 'answer' in one ? each.answer(which) : each.breakOff(which);
          }
        }
        await each.drain();
        expect(each.client.waiting).toBe(0);
        for (const { reply } of each.asked) expect(reply.ends).toBeLessThanOrEqual(1);
        // One caller has its share again, and another the rest.
        for (let call = 0; call < 10; call += 1) each.ask('a');
        await until(() => each.held.length === 7);
        each.ask('b');
        await until(() => each.held.length === 8);
        expect(each.client.waiting).toBe(3);
        await each.drain();
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
