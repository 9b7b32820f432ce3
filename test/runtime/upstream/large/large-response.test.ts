import { expect, test } from 'vitest';
import { ReadBuffer, takeReadBuffer } from '../../../../runtime/upstream/client/read-buffers.ts';
import { type Inflow, type PassingCall, passOn } from '../../../../runtime/upstream/large/large-response.ts';
import type { LargeReply } from '../../../../runtime/upstream/link.ts';

/** A reply whose writes end when a test says so. */
class HeldReply implements LargeReply {
  readonly edits = {
    idText: '7',
    added: '',
    addedLast: () => '',
    edit: () => undefined,
    member: () => 'pass' as const,
    read: () => 'pass' as const,
  };
  onDrain: () => void = () => undefined;
  onGone: () => void = () => undefined;
  readonly #ends: ((() => void) | undefined)[] = [];

  write(_bytes: Buffer, onWritten?: () => void): boolean {
    this.#ends.push(onWritten);
    return true;
  }

  end(): void {}

  fail(): void {}

  written(): void {
    for (const end of this.#ends.splice(0)) end?.();
  }
}

const callOf = (reply: LargeReply): PassingCall => ({
  request: { id: 1 },
  maxBytes: 1_000_000,
  over: false,
  largeReply: () => reply,
  passing: () => undefined,
  passed: () => undefined,
  passedWhole: () => undefined,
  failed: ({ error }) => {
    throw error;
  },
  cancel: () => undefined,
});

const source = { pause: () => undefined, resume: () => undefined };

/** Whether it is handed to somebody else now; all that is kept is taken. */
const isFree = (buffer: ReadBuffer): boolean => Array.from({ length: 200 }, takeReadBuffer).includes(buffer);

test('gives back the memory of a piece when its last byte was written, and not where some of it is read later', () => {
  const reply = new HeldReply();
  const [first, second, third] = [new ReadBuffer(), new ReadBuffer(), new ReadBuffer()];
  const prefix = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"text":"a');
  const inflow = passOn(callOf(reply), [prefix], source, [first.lend()]) as Inflow;
  expect(isFree(first)).toBe(false);
  reply.written();
  expect(isFree(first)).toBe(true);
  expect(inflow.push(Buffer.from('b"'), second.lend())).toBe(true);
  expect(isFree(second)).toBe(false);
  reply.written();
  expect(isFree(second)).toBe(true);
  // The name of the next member is held until its value comes.
  expect(inflow.push(Buffer.from(',"more'), third.lend())).toBe(true);
  reply.written();
  expect(isFree(third)).toBe(false);
  expect(inflow.push(Buffer.from('":1}}'))).toBe(true);
  reply.written();
  expect(isFree(third)).toBe(false);
});
