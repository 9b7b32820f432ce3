import { afterEach, describe, expect, it } from 'vitest';
import { type Parked, ParkedCalls } from '../../../../runtime/mcp/input/parked-calls.ts';
import { ANONYMOUS } from '../../../../schema/principal.ts';

const BOUNDS = { idleMs: 60_000, absoluteMs: 60_000, max: 3, maxPerPrincipal: 2 };

let parked = new ParkedCalls(BOUNDS);
afterEach(() => {
  parked.close();
  parked = new ParkedCalls(BOUNDS);
});

class TestCall implements Parked {
  readonly owner: string;
  readonly principal = ANONYMOUS;
  readonly server: string;
  readonly expiry = Promise.withResolvers<void>();

  constructor(owner: string, server = 'main') {
    this.owner = owner;
    this.server = server;
  }

  retried(): void {}

  expired(): void {
    parked.leave(this);
    this.expiry.resolve();
  }
}

describe('ParkedCalls', () => {
  it('gives a call once for each handle, and never by an old one', () => {
    const call = new TestCall('a');
    const first = parked.park(call);
    expect(parked.take('other')).toBeUndefined();
    expect(parked.take(first)).toBe(call);
    expect(parked.take(first)).toBeUndefined();
    const second = parked.park(call);
    const third = parked.park(call);
    expect(parked.take(second)).toBeUndefined();
    expect(parked.take(third)).toBe(call);
  });

  it('bounds calls in all and of one owner, from the first round to the last', () => {
    const calls = ['a', 'a', 'b'].map((owner) => new TestCall(owner));
    for (const call of calls) parked.take(parked.park(call));
    expect(() => parked.park(new TestCall('c'))).toThrow(expect.objectContaining({ code: 'rate_limited' }));
    parked.park(calls[0]!);
    parked.leave(calls[2]!);
    expect(() => parked.park(new TestCall('a'))).toThrow(expect.objectContaining({ code: 'rate_limited' }));
    parked.park(new TestCall('c'));
    expect(parked.size).toBe(3);
  });

  it('takes back what waits at a server that is gone, and nothing else', async () => {
    const [waiting, gone, answered] = [
      new TestCall('a'),
      new TestCall('b', 'gone'),
      new TestCall('c', 'gone'),
    ];
    for (const call of [waiting, gone]) parked.park(call);
    parked.take(parked.park(answered));
    parked.serverGone('gone');
    await gone.expiry.promise;
    expect(parked.size).toBe(2);
  });

  it('forgets a call that has left', () => {
    const call = new TestCall('a');
    const handle = parked.park(call);
    parked.leave(call);
    parked.leave(call);
    expect(parked.take(handle)).toBeUndefined();
    expect(parked.size).toBe(0);
  });

  it('lets a call expire that nobody takes in time, and one that has gone on for too long', async () => {
    parked.rebound({ ...BOUNDS, idleMs: 20 });
    const idle = new TestCall('a');
    parked.park(idle);
    await idle.expiry.promise;
    parked.rebound({ ...BOUNDS, absoluteMs: 20 });
    const old = new TestCall('a');
    parked.take(parked.park(old));
    parked.park(old);
    await old.expiry.promise;
    expect(parked.size).toBe(0);
  });

  it('holds no more than 32 Mi characters of results that came early', () => {
    const [one, other] = [new TestCall('a'), new TestCall('b')];
    parked.park(one);
    parked.park(other);
    expect(parked.hold(one, 32 * 1024 * 1024)).toBe(true);
    expect(parked.hold(other, 1)).toBe(false);
    parked.leave(one);
    expect(parked.hold(other, 1)).toBe(true);
    expect(parked.hold(one, 1)).toBe(false);
  });

  it('lets a state be used once', () => {
    expect(parked.useOnce('a')).toBe(true);
    expect(parked.useOnce('a')).toBe(false);
    expect(parked.useOnce('b')).toBe(true);
  });
});
