/** Bodies whose length is known (RFC 9112, 6.2). */
import type { ChunkSink } from './chunks.ts';

export class CountedReader {
  /** How far the last `read` came. */
  at = 0;
  readonly #sink: ChunkSink;
  #missingBytes: number;

  constructor(bytes: number, sink: ChunkSink) {
    this.#missingBytes = bytes;
    this.#sink = sink;
  }

  /** Reads on from `from`. True: the body has ended. */
  read(bytes: Buffer, from: number): boolean {
    const end = Math.min(bytes.length, from + this.#missingBytes);
    this.at = end;
    this.#missingBytes -= end - from;
    this.#sink.onData(bytes.subarray(from, end));
    return this.#missingBytes === 0;
  }
}
