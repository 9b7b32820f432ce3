/** The lines that a child process writes: small ones as text, large ones through a file. */
import type { Readable } from 'node:stream';
import { LARGE_LINE_BYTES, LargeLine } from './large-line.ts';

export interface MessageSink {
  /** A line without its end; never empty. */
  onLine(line: string): void;
  /** A line that was too large to be held. The next comes when the promise has settled; it must not reject. */
  onLargeLine(line: LargeLine): Promise<void>;
  /** The largest line that anybody wants. */
  readonly maxLineBytes: number;
}

const LF = 10;
const CR = 13;
/** The pipe is not read while the disk has as much to write. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;

/** Splits at LF; a CR before it is dropped. */
export class LineReader {
  readonly #pipe: Readable;
  readonly #sink: MessageSink;
  #partial: Buffer[] = [];
  #bytes = 0;
  #large: LargeLine | undefined;
  /** What came while a large line was being dealt with. */
  #behind: Buffer[] | undefined;
  #settling: Promise<void> | undefined;

  constructor(pipe: Readable, sink: MessageSink) {
    this.#pipe = pipe;
    this.#sink = sink;
    pipe.on('data', (chunk: Buffer) => this.#push(chunk));
  }

  /** Nothing more will come. */
  close(): void {
    this.#large?.close();
    this.#large = undefined;
  }

  /** Whether the pipe waits for the disk, or for a large line to be dealt with. */
  get waits(): boolean {
    return this.#pipe.isPaused();
  }

  /** Resolves when all lines that came have been dealt with. */
  async settled(): Promise<void> {
    while (this.#settling !== undefined) await this.#settling;
  }

  #push(chunk: Buffer): void {
    if (this.#behind !== undefined) {
      this.#behind.push(chunk);
      return;
    }
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      if (this.#bytes === 0 && this.#large === undefined && end - start <= LARGE_LINE_BYTES) {
        const from = start;
        start = end + 1;
        this.#tell(chunk, from, end);
        continue;
      }
      this.#add(chunk.subarray(start, end));
      start = end + 1;
      const large = this.#large;
      if (large !== undefined) {
        this.#large = undefined;
        this.#settling = this.#endLarge(large, chunk.subarray(start));
        return;
      }
      this.#endLine();
    }
    if (start < chunk.length) this.#add(chunk.subarray(start));
  }

  #add(part: Buffer): void {
    if (this.#large !== undefined) {
      this.#addLarge(this.#large, part);
      return;
    }
    this.#partial.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= LARGE_LINE_BYTES) return;
    const large = new LargeLine();
    this.#large = large;
    const parts = this.#partial;
    this.#partial = [];
    this.#bytes = 0;
    for (const each of parts) this.#addLarge(large, each);
  }

  #addLarge(large: LargeLine, part: Buffer): void {
    large.push(part, this.#sink.maxLineBytes);
    if (large.pendingBytes < MAX_PENDING_BYTES || this.#pipe.isPaused()) return;
    this.#pipe.pause();
    void large.flushed().then(() => {
      if (this.#behind === undefined) this.#pipe.resume();
    });
  }

  #endLine(): void {
    const line = this.#partial.length === 1 ? this.#partial[0]! : Buffer.concat(this.#partial);
    this.#partial = [];
    this.#bytes = 0;
    this.#tell(line, 0, line.length);
  }

  #tell(bytes: Buffer, from: number, to: number): void {
    const end = to > from && bytes[to - 1] === CR ? to - 1 : to;
    if (end > from) this.#sink.onLine(bytes.toString('utf8', from, end));
  }

  async #endLarge(large: LargeLine, rest: Buffer): Promise<void> {
    this.#behind = [rest];
    this.#pipe.pause();
    await large.flushed();
    await this.#sink.onLargeLine(large);
    const behind = this.#behind;
    this.#behind = undefined;
    this.#settling = undefined;
    for (const chunk of behind) this.#push(chunk);
    if (this.#behind === undefined) this.#pipe.resume();
  }
}
