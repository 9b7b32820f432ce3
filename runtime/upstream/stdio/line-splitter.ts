/** Lines out of bytes, each bounded. */

export interface LineSink {
  /** A line without its end; never empty. */
  onLine(line: string): void;
  /** A line exceeded the bound and was skipped; its first and last bytes are given. */
  onOverlong(head: string, tail: string): void;
}

const LF = 10;
const EDGE_BYTES = 256;

/** Splits at LF; a CR before it is dropped. Holds one unfinished line at most. */
export class LineSplitter {
  readonly #sink: LineSink;
  readonly #maxBytes: number;
  #partial: Buffer[] = [];
  #bytes = 0;
  #head: Buffer | undefined;
  #tail: Buffer = Buffer.alloc(0);

  constructor(sink: LineSink, maxBytes: number) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      this.#add(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    if (start < chunk.length) this.#add(chunk.subarray(start));
  }

  #add(part: Buffer): void {
    if (this.#head === undefined && this.#bytes + part.length <= this.#maxBytes) {
      this.#partial.push(part);
      this.#bytes += part.length;
      return;
    }
    if (this.#head === undefined) {
      const kept = Buffer.concat([...this.#partial, part]);
      this.#head = Buffer.from(kept.subarray(0, EDGE_BYTES));
      this.#partial = [];
      this.#bytes = 0;
    }
    const tail = Buffer.concat([this.#tail, part.subarray(-EDGE_BYTES)]);
    this.#tail = Buffer.from(tail.subarray(-EDGE_BYTES));
  }

  #endLine(): void {
    if (this.#head !== undefined) {
      const head = this.#head.toString('latin1');
      const tail = this.#tail.toString('latin1');
      this.#head = undefined;
      this.#tail = Buffer.alloc(0);
      this.#sink.onOverlong(head, tail);
      return;
    }
    const line = this.#partial.length === 1 ? this.#partial[0]! : Buffer.concat(this.#partial);
    this.#partial = [];
    this.#bytes = 0;
    const end = line.at(-1) === 13 ? line.length - 1 : line.length;
    if (end > 0) this.#sink.onLine(line.toString('utf8', 0, end));
  }
}
