import { describe, expect, it } from 'vitest';
import { UnreadRoom, UnreadShare } from '../../../runtime/listen/unread-room.ts';

const KIB = 1024;

/** Readers, each of which gives up its share when it is asked for less than it has. */
const readersOf = (room: UnreadRoom, kib: readonly number[]) => {
  const ended: number[] = [];
  const shares = new Map(kib.map((each) => [each, new UnreadShare(room)]));
  room.relieved.add((maxUnreadBytes) => {
    for (const [each, share] of shares)
      if (each * KIB > maxUnreadBytes && !ended.includes(each)) {
        ended.push(each);
        share.update(0);
      }
  });
  for (const [each, share] of shares) share.update(each * KIB);
  return ended;
};

describe('room for what is not read', () => {
  it('is made by those who leave most unread, and by no more of them than it takes', () => {
    const room = new UnreadRoom();
    room.maxBytes = 1_000 * KIB;
    expect(readersOf(room, [100, 200, 300, 500])).toEqual([300, 500]);
    expect(room.bytes).toBe(300 * KIB);
  });

  it('is taken by nobody who leaves little', () => {
    const room = new UnreadRoom();
    room.maxBytes = 100 * KIB;
    expect(readersOf(room, [1, 32, 63, 64])).toEqual([]);
    expect(room.bytes).toBe(0);
  });

  it('is given back as it is read, however often it is told of', () => {
    const room = new UnreadRoom();
    const share = new UnreadShare(room);
    for (const kib of [100, 100, 400, 90, 10]) share.update(kib * KIB);
    expect(room.bytes).toBe(0);
  });
});
