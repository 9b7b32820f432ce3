/** A line of a child process that is too large to be held. */
import { type ResponseEdits, ResponseRewriter } from '../large/response-rewriter.ts';
import { Spool } from './spool.ts';

const NOTHING: ResponseEdits = {
  idText: '',
  added: '',
  addedLast: () => '',
  member: () => 'pass',
  edit: () => undefined,
  read: () => 'pass',
};

/** A line larger than this goes through a file. */
export const LARGE_LINE_BYTES = 1024 * 1024;

/** So much of a line that is no response is kept for the log. */
const START_BYTES = 256;

/** Kept in a file, because its id may come last and the pipe is shared; read once on the way, to know whose it is. */
export class LargeLine {
  /** Whether it has to be dropped: it exceeds the bound, or the disk does not take it. */
  get lost(): boolean {
    return this.#spool.lost;
  }
  readonly #spool = new Spool();
  readonly #survey = new ResponseRewriter(undefined, NOTHING);
  #bytes = 0;
  #start = '';

  get bytes(): number {
    return this.#bytes;
  }

  /** What the disk has not taken yet. */
  get pendingBytes(): number {
    return this.#spool.pendingBytes;
  }

  /** Its first characters. */
  get start(): string {
    return this.#start;
  }

  /** Its id, where one was read. */
  get id(): unknown {
    return this.#survey.id;
  }

  /** Whether it is a response with a result, as far as it could be read. */
  get isResponse(): boolean {
    return this.#survey.hasResult;
  }

  /** Why it is no sound response; for the log. */
  get fault(): string {
    return this.#survey.fault;
  }

  /** @param maxBytes of a longer line only the survey goes on */
  push(chunk: Buffer, maxBytes: number): void {
    if (this.#bytes === 0) this.#start = chunk.toString('latin1', 0, START_BYTES);
    this.#bytes += chunk.length;
    this.#survey.push(chunk);
    if (this.#bytes > maxBytes) this.#spool.close();
    else this.#spool.write(chunk);
  }

  /** The line has come whole. Whether it is a sound response with a result. */
  end(): boolean {
    return this.#survey.end();
  }

  flushed(): Promise<void> {
    return this.#spool.flushed();
  }

  /** As in {@link Spool}. */
  read(position: number, maxBytes: number): Promise<Buffer> {
    return this.#spool.read(position, maxBytes);
  }

  /** All of it. Rejects if it is lost. */
  async text(): Promise<string> {
    const parts: Buffer[] = [];
    for (let at = 0; at < this.#bytes; at += parts.at(-1)!.length)
      parts.push(await this.#spool.read(at, this.#bytes - at));
    return Buffer.concat(parts).toString('utf8').trimEnd();
  }

  close(): void {
    this.#spool.close();
  }
}
