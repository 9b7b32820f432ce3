/** One HTTP request to an upstream and the reading of its reply. */
import { deadlines, type Timed } from '../../traffic/deadline.ts';
import type { Outgoing, ReplyTarget } from '../client/outgoing.ts';
import type { Loan } from '../client/read-buffers.ts';
import type { ReplyHead, ReplyHeaders } from '../client/reply-head.ts';
import { dispatchFailure, type Failure, protocolFailure, tooLargeFailure } from '../failure.ts';
import type { Inflow, Source } from '../large/large-response.ts';
import { LARGE_BYTES, MAX_HELD_BYTES } from '../message-bounds.ts';
import { Pieces } from '../pieces.ts';
import { type EventSink, EventStreamParser } from './event-stream-parser.ts';

/** A refusal's body is read up to here; a longer one counts as none. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/** Told what came. `onJson`, `onStreamEnd`, `onRefusal` and `onBroken` are ends: one of them comes, once. */
export interface ExchangeTarget {
  /** The status line and headers of a reply that is JSON or an event stream. */
  onHead(headers: ReplyHeaders): void;
  onJson(text: string): void;
  /** The reply is an event stream; what it carries comes as `onEvent`. */
  onEventStream(): void;
  onEvent(data: string): void;
  /** The event stream ended, or broke with `cause`. */
  onStreamEnd(cause: Error | undefined): void;
  /** A status other than 200, with the body where it is small. */
  onRefusal(status: number, headers: ReplyHeaders, text: string): void;
  /** No reply, or none that can be used. */
  onBroken(failure: Failure): void;
  /**
   * The JSON reply or the event that begins with `prefix` is large. What is returned takes the rest of it, in place
   * of `onJson` or `onEvent`, and gives back `loans`, those of the prefix; undefined, or no such method: it is to be held.
   */
  onLarge?(
    prefix: readonly Buffer[],
    source: Source,
    loans?: readonly Loan[],
  ): Inflow | 'refused' | undefined;
}

/** How long a stream may stay open after its response before its connection is closed. */
const LINGER_MS = 1000;

/** Closes a stream that does not end by itself. */
class Linger implements Timed {
  deadlineMs = 0;
  deadlineSlot = -1;
  deadlineNext: Timed | undefined = undefined;
  deadlinePrevious: Timed | undefined = undefined;
  readonly #exchange: HttpExchange;

  constructor(exchange: HttpExchange) {
    this.#exchange = exchange;
  }

  onDeadline(): void {
    this.#exchange.abort();
  }
}

/** The target is not called any more after `abort`. */
export class HttpExchange implements ReplyTarget, EventSink, Source {
  /** Set once the reply is an event stream. */
  parser: EventStreamParser | undefined;
  readonly #target: ExchangeTarget;
  readonly #maxBytes: number;
  #outgoing: Outgoing | undefined;
  #done = false;
  #linger: Linger | undefined;
  #status = 0;
  #headers: ReplyHeaders = {};
  /** The first piece of the body, and all of them where there are more. */
  #first: Buffer | undefined;
  #pieces: Pieces | undefined;
  /** Of those of them that are lent. */
  #loans: Loan[] | undefined;
  #bytes = 0;
  /** What takes the rest of a large JSON reply. */
  #inflow: Inflow | undefined;
  /** Where a JSON reply is too large, or is to be asked about. */
  #nextBound: number;

  /** @param maxBytes the largest JSON reply or event */
  constructor(target: ExchangeTarget, maxBytes: number) {
    this.#target = target;
    this.#maxBytes = maxBytes;
    this.#nextBound = Math.min(maxBytes, LARGE_BYTES);
  }

  pause(): void {
    this.#outgoing?.pause();
  }

  resume(): void {
    if (!this.#done) this.#outgoing?.resume();
  }

  /** Closes the request's connection or stream, now or as soon as it has one. */
  abort(): void {
    if (!this.#end()) return;
    this.parser?.stop();
    this.#outgoing?.abort();
  }

  /** The target has what it wants: the rest is read to keep the connection, but told to nobody. */
  release(): void {
    if (this.#done || this.#linger !== undefined) return;
    this.parser?.stop();
    this.#linger = new Linger(this);
    deadlines.schedule(this.#linger, performance.now() + LINGER_MS);
  }

  /** Told once what carries it. */
  carriedBy(outgoing: Outgoing): void {
    this.#outgoing = outgoing;
  }

  /** Whether a byte of it may have reached the upstream. */
  get sent(): boolean {
    return this.#outgoing?.sent === true;
  }

  onHead({ status, headers }: ReplyHead): void {
    if (this.#done) return;
    this.#status = status;
    this.#headers = headers;
    if (status !== 200) return;
    const type = headers['content-type'];
    const coding = headers['content-encoding'];
    if (coding !== undefined && coding.toLowerCase() !== 'identity') {
      this.#break(protocolFailure('a coding that was not asked for'));
    } else if (type !== undefined && isMediaType(type, 'application/json')) {
      const length = headers['content-length'];
      if (length !== undefined && Number(length) > this.#maxBytes) this.onTooLarge(this.#maxBytes);
      else this.#target.onHead(headers);
    } else if (type !== undefined && isMediaType(type, 'text/event-stream')) {
      this.parser = new EventStreamParser(this, this.#maxBytes);
      this.#target.onHead(headers);
      if (!this.#done) this.#target.onEventStream();
    } else {
      this.#break(protocolFailure(`content type ${type ?? 'missing'}`));
    }
  }

  onData(chunk: Buffer, loan?: Loan): void {
    if (this.#done) return;
    if (this.parser !== undefined) {
      this.parser.push(chunk);
      return;
    }
    if (this.#inflow !== undefined) {
      if (!this.#inflow.push(chunk, loan)) this.abort();
      return;
    }
    this.#bytes += chunk.length;
    if (this.#status === 200 && this.#bytes > this.#nextBound) {
      this.#crossBound(chunk, loan);
    } else if (this.#status !== 200 && this.#bytes > MAX_REFUSAL_BYTES) {
      const { status, headers } = { status: this.#status, headers: this.#headers };
      this.abort();
      this.#target.onRefusal(status, headers, '');
    } else {
      this.#keep(chunk, loan);
    }
  }

  #keep(chunk: Buffer, loan: Loan | undefined): void {
    if (loan !== undefined) {
      this.#loans ??= [];
      this.#loans.push(loan);
    }
    if (this.#first === undefined) {
      this.#first = chunk;
      return;
    }
    if (this.#pieces === undefined) {
      this.#pieces = new Pieces();
      this.#pieces.push(this.#first);
    }
    this.#pieces.push(chunk);
  }

  /** A JSON reply has reached a size at which something has to happen. */
  #crossBound(chunk: Buffer, loan: Loan | undefined): void {
    if (this.#bytes > this.#maxBytes || this.#nextBound === MAX_HELD_BYTES) {
      this.onTooLarge(Math.min(this.#maxBytes, MAX_HELD_BYTES));
      return;
    }
    this.#keep(chunk, loan);
    const inflow = this.#target.onLarge?.(this.#pieces?.list() ?? [this.#first!], this, this.#loans);
    if (inflow === 'refused') {
      this.abort();
      return;
    }
    this.#nextBound = Math.min(this.#maxBytes, MAX_HELD_BYTES);
    if (inflow === undefined) return;
    this.#inflow = inflow;
    this.#first = undefined;
    this.#pieces = undefined;
    this.#loans = undefined;
  }

  onEnd(): void {
    if (!this.#end()) return;
    if (this.#linger !== undefined) return;
    if (this.#inflow !== undefined) this.#inflow.end();
    else if (this.parser !== undefined) this.#target.onStreamEnd(undefined);
    else if (this.#status === 200) this.#target.onJson(this.#text());
    else this.#target.onRefusal(this.#status, this.#headers, this.#text());
  }

  onError(error: Error): void {
    if (!this.#end()) return;
    if (this.#linger !== undefined) return;
    if (this.parser !== undefined) this.#target.onStreamEnd(error);
    else this.#target.onBroken(dispatchFailure(error, this.sent));
  }

  onEvent(data: string): void {
    if (!this.#done) this.#target.onEvent(data);
  }

  onLargeEvent(prefix: readonly Buffer[]): Inflow | undefined {
    if (this.#done) return undefined;
    const inflow = this.#target.onLarge?.(prefix, this);
    if (inflow === 'refused') this.abort();
    if (inflow === undefined || inflow === 'refused') return undefined;
    return {
      push: (chunk) => {
        if (this.#done) return false;
        const more = inflow.push(chunk);
        if (!more) this.abort();
        return more;
      },
      end: () => {
        inflow.end();
        this.release();
      },
    };
  }

  onTooLarge(maxBytes: number): void {
    this.#break(tooLargeFailure(maxBytes));
  }

  #end(): boolean {
    if (this.#done) return false;
    this.#done = true;
    if (this.#linger !== undefined) deadlines.cancel(this.#linger);
    return true;
  }

  #break(failure: Failure): void {
    this.abort();
    this.#target.onBroken(failure);
  }

  /** Once. */
  #text(): string {
    const text = (this.#pieces?.whole() ?? this.#first)?.toString('utf8') ?? '';
    if (this.#loans !== undefined) for (const loan of this.#loans) loan.giveBack();
    return text;
  }
}

const isMediaType = (value: string, type: string): boolean => {
  if (value === type) return true;
  const lower = value.toLowerCase();
  return lower.startsWith(type) && /^[\s;]|^$/.test(lower.slice(type.length));
};
