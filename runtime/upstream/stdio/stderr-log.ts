/** What a child says on stderr, line by line in the log, bounded in length and rate. */
import type { UpstreamContext } from '../context.ts';
import { type LineSink, LineSplitter } from './line-splitter.ts';

const MAX_LINE_BYTES = 4096;
const LINES_PER_WINDOW = 200;
const WINDOW_MS = 10_000;

export class StderrLog implements LineSink {
  readonly #context: UpstreamContext;
  readonly #upstream: string;
  readonly #splitter = new LineSplitter(this, MAX_LINE_BYTES);
  #windowStartMs = 0;
  #lines = 0;
  /** The last line, for the message of a failed start. */
  lastLine = '';

  constructor(context: UpstreamContext, upstream: string) {
    this.#context = context;
    this.#upstream = upstream;
  }

  push(chunk: Buffer): void {
    this.#splitter.push(chunk);
  }

  onLine(line: string): void {
    this.lastLine = line;
    this.#write(line);
  }

  onOverlong(head: string): void {
    this.#write(`${head}… (truncated)`);
  }

  #write(line: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#windowStartMs >= WINDOW_MS) {
      const skipped = this.#lines - LINES_PER_WINDOW;
      if (skipped > 0) this.#log('warn', 'upstream stderr was too much', { skipped });
      this.#windowStartMs = nowMs;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines <= LINES_PER_WINDOW) this.#log('info', 'upstream stderr', { line });
  }

  #log(level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#context.log(level, message, { upstream: this.#upstream, ...fields });
  }
}
