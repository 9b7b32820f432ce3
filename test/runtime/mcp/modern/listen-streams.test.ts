import { describe, expect, it } from 'vitest';
import { type ListenStream, ListenStreams } from '../../../../runtime/mcp/modern/listen-streams.ts';

class Stream implements ListenStream {
  readonly server: string;
  readonly fingerprint: string;
  readonly #streams: ListenStreams;
  readonly #ended = Promise.withResolvers<void>();
  readonly ended = this.#ended.promise;
  over = false;

  constructor(streams: ListenStreams, server: string, fingerprint: string) {
    this.#streams = streams;
    this.server = server;
    this.fingerprint = fingerprint;
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

describe('ListenStreams', () => {
  it('ends the streams of servers that changed or are gone, and of no other', async () => {
    const streams = new ListenStreams();
    const [same, changed, gone] = [open(streams, 'a', '1'), open(streams, 'b', '1'), open(streams, 'c', '1')];
    streams.afterSwap(
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
      1,
    );
    await Promise.all([changed.ended, gone.ended]);
    expect(same.over).toBe(false);
    expect(streams.size).toBe(1);
  });

  it('ends a stream at once that comes after its server was replaced', () => {
    const streams = new ListenStreams();
    streams.afterSwap(new Map([['a', '2']]), 1);
    expect(open(streams, 'a', '1').over).toBe(true);
    expect(open(streams, 'b', '1').over).toBe(true);
    expect(open(streams, 'a', '2').over).toBe(false);
    expect(streams.size).toBe(1);
  });

  it('ends all streams, and those that come after', () => {
    const streams = new ListenStreams();
    const before = open(streams, 'a', '1');
    streams.endAll();
    expect(before.over).toBe(true);
    expect(open(streams, 'a', '1').over).toBe(true);
    expect(streams.size).toBe(0);
  });
});
