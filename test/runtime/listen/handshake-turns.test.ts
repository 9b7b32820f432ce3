/** How many TLS handshakes begin in one turn. */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { HandshakeTurns } from '../../../runtime/listen/handshake-turns.ts';

const socket = (): Socket => Object.assign(new EventEmitter(), { destroyed: false }) as unknown as Socket;

it('two handshakes begin in one turn, in the order in which their connections came, and none of who has gone', async () => {
  const begun: Socket[] = [];
  const turns = new HandshakeTurns((each) => begun.push(each));
  const sockets = Array.from({ length: 6 }, socket);
  for (const each of sockets) turns.add(each);
  sockets[2]!.emit('error', new Error('reset'));
  Object.assign(sockets[2]!, { destroyed: true });
  const seen: number[] = [begun.length];
  while (begun.length < 5) {
    await setImmediate();
    seen.push(begun.length);
  }
  expect(Math.max(...seen.slice(1).map((count, at) => count - seen[at]!))).toBe(2);
  expect(begun).toEqual(sockets.filter((_, at) => at !== 2));
  const late = socket();
  turns.add(late);
  await setImmediate();
  expect(begun.at(-1)).toBe(late);
});
