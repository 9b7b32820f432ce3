/** Bytes of a reply that come in pieces, no faster than the client reads. */
import { constants } from 'node:http2';
import { deadlines, type Timed } from '../traffic/deadline.ts';
import type { WebExchange, WebResponse } from './exchange.ts';
import { UnreadShare } from './unread-room.ts';

/** A client that takes nothing for as long is cut off. */
const STALL_MS = 60_000;

/** Who is told of the client. */
export interface Flow {
  onDrain: () => void;
  onGone: () => void;
}

/** Ends a reply so that nobody takes what was sent for the whole of it. */
export const breakOff = ({ response }: WebExchange): void => {
  if (response.stream === undefined) response.destroy();
  else response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
};

/** Writes to the client of `exchange`. Whoever writes stops at `false`, and goes on at `onDrain` or ends at `onGone`. */
export class Outflow implements Timed {
  deadlineMs = 0;
  deadlineSlot = -1;
  deadlineNext: Timed | undefined = undefined;
  deadlinePrevious: Timed | undefined = undefined;
  readonly #exchange: WebExchange;
  readonly #response: WebResponse;
  readonly #flow: Flow;
  readonly #stallMs: number;
  /** What the client leaves unread, among what all do; set once that is something. */
  #unread: UnreadShare | undefined;
  #waiting = false;
  #over = false;

  constructor(exchange: WebExchange, flow: Flow, stallMs = STALL_MS) {
    this.#exchange = exchange;
    this.#response = exchange.response;
    this.#flow = flow;
    this.#stallMs = stallMs;
    this.#response.once('close', this.#closed);
  }

  /** `onWritten` as for a ResponseWriter. False: the client has to read first. */
  write(bytes: Uint8Array, onWritten?: () => void): boolean {
    if (this.#over) return false;
    const { stream } = this.#response;
    if (this.#response.write(bytes, stream === undefined ? onWritten : undefined)) return !this.#waiting;
    if (!this.#waiting) {
      this.#waiting = true;
      this.#response.once('drain', this.#drained);
      deadlines.schedule(this, performance.now() + this.#stallMs);
    }
    this.#countUnread();
    return false;
  }

  onDeadline(): void {
    if (!this.#over) this.#cutOff();
  }

  /** Nothing more is written; the reply goes on with others, or ends. What is unread still counts until it is read. */
  release(): void {
    this.#over = true;
    deadlines.cancel(this);
    this.#response.off('drain', this.#drained);
    this.#response.off('close', this.#closed);
  }

  /** Ends the reply in the middle. */
  breakOff(): void {
    this.release();
    breakOff(this.#exchange);
  }

  #cutOff(): void {
    const wasOver = this.#over;
    this.#exchange.record.outcome = 'slow_reader';
    this.breakOff();
    this.#forgetUnread();
    if (!wasOver) this.#flow.onGone();
  }

  #countUnread(): void {
    if (this.#unread === undefined) {
      const { unread } = this.#exchange.lifecycle.shedding;
      this.#unread = new UnreadShare(unread);
      unread.relieved.add(this.#relieve);
      this.#response.once('close', this.#forgetUnread);
    }
    this.#unread.update(this.#response.writableLength);
  }

  readonly #relieve = (maxUnreadBytes: number): void => {
    if (this.#response.writableLength > maxUnreadBytes) this.#cutOff();
  };

  readonly #forgetUnread = (): void => {
    this.#unread?.update(0);
    this.#exchange.lifecycle.shedding.unread.relieved.delete(this.#relieve);
  };

  readonly #closed = (): void => {
    this.release();
    this.#flow.onGone();
  };

  readonly #drained = (): void => {
    this.#waiting = false;
    deadlines.cancel(this);
    this.#unread?.update(0);
    this.#flow.onDrain();
  };
}
