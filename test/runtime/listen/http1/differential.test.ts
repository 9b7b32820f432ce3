/** What Node.js's parser, llhttp, makes of the same bytes: where ours takes a request, it is the same one. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Seen, understood } from './memory-connection.ts';
import { messages } from './messages.ts';

/** The requests that node:http takes, at least `due` of them unless it refuses. */
const byNode = async (bytes: Buffer, due: number): Promise<readonly Seen[]> => {
  const seen: Seen[] = [];
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers, rawHeaders } = request;
      const body = Buffer.concat(chunks).toString('latin1');
      seen.push({ method, target: url, headers: { ...headers }, rawHeaders, body });
      response.end('ok');
    });
  };
  const server = createServer({ requireHostHeader: false }, take);
  server
    .on('checkContinue', take)
    .on('checkExpectation', take)
    .on('clientError', () => undefined);
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  socket.on('error', () => undefined);
  server.emit('connection', socket);
  socket.push(bytes);
  for (let turns = 0; turns < 50 && seen.length < due; turns += 1) await setImmediate();
  socket.destroy();
  return seen;
};

test('a request that is taken is what node:http takes it for: method, target, headers, body', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(messages, async (bytes) => {
      const { seen } = await understood([bytes]);
      taken += seen.length;
      expect((await byNode(bytes, seen.length)).slice(0, seen.length)).toEqual(seen);
    }),
    { numRuns: 3_000 },
  );
  expect(taken).toBeGreaterThan(1_000);
});
