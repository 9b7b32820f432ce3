/** A connection that goes on in another protocol: with every byte that came behind its head, and none of a request. */
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Host } from '../../../../runtime/listen/http1/host.ts';
import { MemoryConnection } from './memory-connection.ts';

const ask = (fields = '') =>
  `GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${fields}\r\n`;
const FRAMES = '\x89\x82\0\0\0\0hi\x82\x8eGET / HTTP/1.1\r\n\r\n';

/** Hands over what asks for it, once what `authenticates` does is done. */
class SwitchingConnection extends MemoryConnection {
  taken: string | undefined;
  readonly #authenticates: () => Promise<void> | undefined;

  constructor(authenticates: () => Promise<void> | undefined) {
    super();
    this.#authenticates = authenticates;
  }

  override switches(): boolean {
    return true;
  }

  override upgrade(...[, , , takeOver]: Parameters<Host['upgrade']>): void {
    const take = (): void => {
      this.taken = takeOver().head.toString('latin1');
      this.socket.on('data', (chunk: Buffer) => {
        this.taken += chunk.toString('latin1');
      });
    };
    const waits = this.#authenticates();
    if (waits === undefined) take();
    else void waits.then(take);
  }
}

const AUTHENTICATIONS: readonly (readonly [when: string, () => Promise<void> | undefined])[] = [
  ['at once', () => undefined],
  ['a turn later', () => setImmediate()],
];

it.each(AUTHENTICATIONS)(
  'what came in one piece with a head is handed over whole where that is decided %s',
  async (_when, authenticates) => {
    const bytes = ask() + FRAMES;
    for (let cut = ask().length; cut <= bytes.length; cut += 1) {
      const connection = new SwitchingConnection(authenticates);
      for (const piece of [bytes.slice(0, cut), bytes.slice(cut)])
        if (piece !== '') connection.socket.push(Buffer.from(piece, 'latin1'));
      for (let turns = 0; turns < 4; turns += 1) await setImmediate();
      expect([cut, connection.taken]).toEqual([cut, FRAMES]);
      expect(connection.begun).toBe(0);
      connection.socket.destroy();
    }
  },
);

it('what asks for another protocol where none is spoken is a request, and the next one comes after it', async () => {
  const connection = new MemoryConnection();
  await connection.feed([Buffer.from(ask() + ask(), 'latin1')]);
  expect(connection.statuses).toEqual(['200', '200']);
  connection.socket.destroy();
});

it('what expects something that nobody knows to meet does not get another protocol', async () => {
  const connection = new SwitchingConnection(() => undefined);
  await connection.feed([Buffer.from(ask('Expect: tea\r\n'), 'latin1')]);
  expect(connection.taken).toBeUndefined();
  expect(connection.begun).toBe(1);
  connection.socket.destroy();
});
