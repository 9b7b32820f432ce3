import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { HttpClient } from '../../../../runtime/upstream/client/client.ts';
import type { ReplyTarget } from '../../../../runtime/upstream/client/outgoing.ts';
import {
  type Loan,
  READ_BYTES,
  ReadBuffer,
  takeReadBuffer,
} from '../../../../runtime/upstream/client/read-buffers.ts';
import { startRawServer } from './raw-server.ts';

/** So many that none is left over of those that are kept. */
const takeAll = (): ReadBuffer[] => Array.from({ length: 200 }, takeReadBuffer);

describe('memory that is lent', () => {
  test('goes to nobody else before it is given back, and then to one alone', () => {
    const taken = takeAll();
    const lent = taken[0]!;
    const loan = lent.lend();
    expect(takeAll()).not.toContain(lent);
    loan.giveBack();
    loan.giveBack();
    const after = takeAll();
    expect(after.filter((each) => each === lent)).toHaveLength(1);
    // A loan that is over gives nothing back of the next one.
    loan.giveBack();
    expect(takeAll()).not.toContain(lent);
  });

  test('cannot be lent or given back by two', () => {
    const lent = new ReadBuffer();
    const loan = lent.lend();
    expect(() => lent.lend()).toThrow('was lent');
    expect(() => lent.release()).toThrow('was released');
    loan.giveBack();
    expect(() => lent.lend()).toThrow('was lent');
    expect(() => lent.release()).toThrow('was released');
  });

  test('is kept up to a bound', () => {
    const taken = takeAll();
    for (const each of taken) each.release();
    const again = takeAll();
    expect(taken.filter((each) => again.includes(each))).toHaveLength(128);
  });
});

describe('memory that nobody gives back', () => {
  test('is not left lying about until there is a lot of it', async () => {
    takeAll();
    const beforeBytes = process.memoryUsage().arrayBuffers;
    let mostBytes = 0;
    for (let taken = 0; taken < 2048; taken += 1) {
      takeReadBuffer().lend();
      if (taken % 16 === 0) await setImmediate();
      if (taken % 64 === 0) mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers);
    }
    expect(mostBytes - beforeBytes).toBeLessThan(24 * 1024 * 1024);
  });
});

/** Holds every chunk as it came, and gives back what it is told to. */
class Holder implements ReplyTarget {
  readonly chunks: Buffer[] = [];
  readonly loans: Loan[] = [];
  readonly ended = Promise.withResolvers<void>();

  onHead(): void {}

  onData(chunk: Buffer, loan?: Loan): void {
    this.chunks.push(chunk);
    if (loan !== undefined) this.loans.push(loan);
  }

  onEnd(): void {
    this.ended.resolve();
  }

  onError(error: Error): void {
    this.ended.reject(error);
  }
}

const HEAD = 'POST /mcp HTTP/1.1\r\nhost: upstream.test\r\n';

const chunked = (body: Buffer, bytes: number): Buffer => {
  const parts: (Buffer | string)[] = [];
  for (let at = 0; at < body.length; at += bytes) {
    const piece = body.subarray(at, at + bytes);
    parts.push(`${piece.length.toString(16)}\r\n`, piece, '\r\n');
  }
  return Buffer.concat([...parts, '0\r\n\r\n'].map((part) => Buffer.from(part)));
};

describe.each([
  ['of a told length', undefined],
  ['in chunks of 100 KB', 100_000],
  ['in chunks of 40 KB', 40_000],
  ['in chunks of 30 bytes more than a half', READ_BYTES / 2 + 30],
] as const)('bodies %s', (_title, chunkBytes) => {
  test('stay as they came for whoever does not give them back, whatever comes meanwhile', async () => {
    let answers = 0;
    await using server = await startRawServer((socket) => {
      answers += 1;
      const body = Buffer.alloc(700_000, 64 + answers);
      const framing =
        chunkBytes === undefined ? `content-length: ${body.length}` : 'transfer-encoding: chunked';
      socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`);
      socket.write(chunkBytes === undefined ? body : chunked(body, chunkBytes));
    });
    const client = new HttpClient(server.url, { connectMs: 5_000, idleMs: 5_000, connections: 2 });
    const ask = async (): Promise<Holder> => {
      const holder = new Holder();
      client.send({ head: HEAD, isHead: false, body: '{}' }, holder);
      await holder.ended.promise;
      return holder;
    };
    const held: Holder[] = [];
    for (let round = 0; round < 8; round += 1) {
      const [kept, given] = await Promise.all([ask(), ask()]);
      for (const loan of given.loans) loan.giveBack();
      expect(kept.loans.length).toBeGreaterThan(0);
      held.push(kept);
    }
    for (const { chunks } of held) {
      const body = Buffer.concat(chunks);
      expect(body.equals(Buffer.alloc(700_000, body[0]))).toBe(true);
    }
    expect(new Set(held.map(({ chunks }) => chunks[0]![0])).size).toBe(held.length);
    client.close(new Error('closed by the test'));
  });
});
