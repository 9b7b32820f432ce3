/** One server-sent event whose data comes in pieces. */
import type { WebExchange } from './exchange.ts';
import { Outflow } from './outflow.ts';
import type { ResponseWriter } from './response-writer.ts';

const LF = 10;
const CR = 13;
const NEXT_LINE = Buffer.from('\ndata: ');

export class EventWriter implements ResponseWriter {
  onDrain: () => void = () => undefined;
  onGone: () => void = () => undefined;
  readonly #exchange: WebExchange;
  readonly #begin: () => string | undefined;
  readonly #onEnd: () => void;
  #outflow: Outflow | undefined;
  #id: string | undefined;
  #lastWasCr = false;

  /**
   * @param begin called before the first byte; gives the event's id, if it has one
   * @param onEnd told when the event has ended, after its last byte
   */
  constructor(exchange: WebExchange, begin: () => string | undefined, onEnd: () => void) {
    this.#exchange = exchange;
    this.#begin = begin;
    this.#onEnd = onEnd;
  }

  /** `bytes` may hold line breaks: each begins another line of data. */
  write(bytes: Buffer): boolean {
    const outflow = this.#outflow ?? this.#start();
    if (!this.#lastWasCr && !bytes.includes(LF) && !bytes.includes(CR)) return outflow.write(bytes);
    const parts: Buffer[] = [];
    let start = this.#lastWasCr && bytes[0] === LF ? 1 : 0;
    for (let at = start; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte !== LF && byte !== CR) continue;
      parts.push(bytes.subarray(start, at), NEXT_LINE);
      if (byte === CR && bytes[at + 1] === LF) at += 1;
      start = at + 1;
    }
    parts.push(bytes.subarray(start));
    this.#lastWasCr = bytes.at(-1) === CR;
    return outflow.write(Buffer.concat(parts));
  }

  end(): void {
    // Whoever breaks off in the middle knows no id to go on behind.
    const id = this.#id === undefined ? '' : `\nid: ${this.#id}`;
    this.#outflow?.write(Buffer.from(`${id}\n\n`));
    this.#outflow?.release();
    this.#onEnd();
  }

  breakOff(): void {
    this.#outflow?.breakOff();
  }

  #start(): Outflow {
    this.#id = this.#begin();
    const outflow = new Outflow(this.#exchange, this);
    this.#outflow = outflow;
    outflow.write(Buffer.from('data: '));
    return outflow;
  }
}
