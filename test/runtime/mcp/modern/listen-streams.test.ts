import { describe, expect, it, vi } from 'vitest';
import type { Admitted } from '../../../../policies/identity/standing.ts';
import { type ListenStream, ListenStreams } from '../../../../runtime/mcp/modern/listen-streams.ts';
import type { PreparedServer } from '../../../../runtime/mcp/server.ts';
import { ANONYMOUS } from '../../../../schema/principal.ts';

class Stream implements ListenStream {
  readonly server: string;
  readonly fingerprint: string;
  readonly #streams: ListenStreams;
  readonly #ended = Promise.withResolvers<void>();
  readonly ended = this.#ended.promise;
  over = false;
  rules: string | undefined;
  lists: string | undefined;

  constructor(streams: ListenStreams, server: string, fingerprint: string) {
    this.#streams = streams;
    this.server = server;
    this.fingerprint = fingerprint;
  }

  readonly admitted = { principal: ANONYMOUS, clientAddress: '127.0.0.1' } as Admitted;

  serves(server: PreparedServer): void {
    this.lists = server.fingerprint;
  }

  adopt(server: PreparedServer): void {
    this.rules = server.fingerprint;
  }

  endTold(): void {
    this.end();
  }

  end(): void {
    this.over = true;
    this.#streams.remove(this);
    this.#ended.resolve();
  }
}

const open = (streams: ListenStreams, server: string, fingerprint: string): Stream => {
  const stream = new Stream(streams, server, fingerprint);
  streams.add(stream);
  return stream;
};

const serving = (fingerprints: Readonly<Record<string, string>>) =>
  new Map(
    Object.entries(fingerprints).map(([name, fingerprint]) => [name, { fingerprint } as PreparedServer]),
  );
const QUICK = { drain: { windowMs: 1, deadlineMs: 1 } };

describe('ListenStreams', () => {
  it('ends the streams of servers that changed or are gone, and of no other', async () => {
    const streams = new ListenStreams();
    const [same, changed, gone] = [open(streams, 'a', '1'), open(streams, 'b', '1'), open(streams, 'c', '1')];
    streams.afterSwap(serving({ a: '1', b: '2' }), QUICK);
    expect(gone.over).toBe(true);
    await changed.ended;
    expect([changed.rules, changed.lists]).toEqual(['2', '2']);
    expect(same.over).toBe(false);
    expect(streams.size).toBe(1);
  });

  it('ends thousands over the window of a reload, not at one moment', () => {
    vi.useFakeTimers();
    try {
      const streams = new ListenStreams();
      streams.rebound({ max: 5_000, maxPerPrincipal: 5_000 });
      for (let count = 0; count < 4_000; count += 1) open(streams, 'a', '1');
      streams.afterSwap(serving({ a: '2' }), { drain: { windowMs: 10_000, deadlineMs: 60_000 } });
      let before = streams.size;
      for (let part = 0; part < 10; part += 1) {
        vi.advanceTimersByTime(1_000);
        // 400 are its share; five standard deviations more would be 95.
        expect(before - streams.size).toBeLessThan(500);
        before = streams.size;
      }
      vi.advanceTimersByTime(1);
      expect(streams.size).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends a stream at once that comes after its server was replaced', () => {
    const streams = new ListenStreams();
    streams.afterSwap(serving({ a: '2' }), QUICK);
    expect(open(streams, 'a', '1').over).toBe(true);
    expect(open(streams, 'b', '1').over).toBe(true);
    expect(open(streams, 'a', '2').over).toBe(false);
    expect(streams.size).toBe(1);
  });

  it('takes no more of one caller than may be, and takes one again when another has ended', () => {
    const streams = new ListenStreams();
    streams.rebound({ max: 10, maxPerPrincipal: 2 });
    const first = open(streams, 'a', '1');
    open(streams, 'a', '1');
    expect(() => open(streams, 'a', '1')).toThrow(
      expect.objectContaining({ code: 'too_many_subscriptions' }),
    );
    first.end();
    first.end();
    open(streams, 'a', '1');
    expect(() => open(streams, 'a', '1')).toThrow();
    expect(streams.size).toBe(2);
  });

  it('ends all streams, and those that come after', () => {
    const streams = new ListenStreams();
    const before = open(streams, 'a', '1');
    streams.endAll(0);
    expect(before.over).toBe(true);
    expect(open(streams, 'a', '1').over).toBe(true);
    expect(streams.size).toBe(0);
  });
});
