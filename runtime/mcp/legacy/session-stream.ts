/** The event streams of a legacy session, kept for resumption (MCP 2025-11-25, transports, Resumability). */
import type { ResponseWriter } from '../../listen/response-writer.ts';
import { UnreadRoom, UnreadShare } from '../../listen/unread-room.ts';
import { removeAt } from '../../swap-remove.ts';

/** What a stream is sent to: a connection that reads it. */
export interface StreamSink {
  /** False: it waits, or the client has gone. `onSent` is called when nothing waits any more. */
  send(data: string, id: string): boolean;
  onSent?: (() => void) | undefined;
  /**
   * One event in pieces, where the connection takes such. `begin` is called before its first byte and gives its id,
   * `onEnd` when it is whole. Undefined: it takes nothing more.
   */
  openEvent?(begin: () => string, onEnd: () => void): ResponseWriter | undefined;
  /** Ends the connection after what was sent. */
  end(): void;
  /** The only connection that its client has: it is not sent away to come back. */
  readonly stays?: boolean;
  /** Called once when the client went away or may read no longer; not after `end`. */
  onClose: (() => void) | undefined;
}

/** Bounds on what one session keeps. What was delivered goes first, then what was not. */
const MAX_STREAMS = 64;
const MAX_UNREAD = 256;
const MAX_KEPT_BYTES = 4 * 1024 * 1024;
const MAX_UNDELIVERED_BYTES = 64 * 1024 * 1024;

interface KeptEvent {
  readonly sequence: number;
  readonly data: string;
}

/** One stream: what was sent on it, and the connection that it is sent to at the moment, if any. */
export class SessionStream {
  readonly number: number;
  readonly #onKept: (bytes: number) => void;
  readonly #kept: KeptEvent[] = [];
  #sequence = 0;
  #delivered = 0;
  #sink: StreamSink | undefined;
  #done = false;

  /** @param onKept told how many more (or fewer) characters are kept; 0: more of them was delivered */
  constructor(number: number, onKept: (bytes: number) => void) {
    this.number = number;
    this.#onKept = onKept;
  }

  /** All that was to be sent has been appended. */
  get done(): boolean {
    return this.#done;
  }

  get attached(): boolean {
    return this.#sink !== undefined;
  }

  /** Whether somebody was sent all that there is. */
  get delivered(): boolean {
    return this.#delivered === this.#sequence;
  }

  /** The id of the event `sequence`: opaque to clients, tells the stream and the place in it. */
  eventId(sequence: number): string {
    return `${this.number.toString(36)}-${sequence.toString(36)}`;
  }

  /** The id of the last event so far; of none, for a priming event. */
  get lastEventId(): string {
    return this.eventId(this.#sequence);
  }

  append(data: string): void {
    this.#sequence += 1;
    this.#kept.push({ sequence: this.#sequence, data });
    if (this.#sink !== undefined) this.#send(this.#sink, this.#sequence, data);
    this.#onKept(data.length);
  }

  /**
   * One event whose data comes in pieces and is not kept: `kept` takes its place for whoever resumes. `onEnd` is told
   * when it was sent whole. Undefined: nobody is connected who could take it.
   */
  pass(kept: string, onEnd: () => void): ResponseWriter | undefined {
    const begin = (): string => {
      this.#sequence += 1;
      this.#kept.push({ sequence: this.#sequence, data: kept });
      this.#onKept(kept.length);
      return this.lastEventId;
    };
    return this.#sink?.openEvent?.(begin, () => {
      this.#delivered = this.#sequence;
      onEnd();
    });
  }

  /** Nothing more will be appended. */
  finish(): void {
    this.#done = true;
    this.#sink?.end();
    this.#sink = undefined;
  }

  /** Sends to `sink` from now on, after what was kept behind `after` (or was never sent, without it). */
  attach(sink: StreamSink, after: number | undefined): void {
    this.detach();
    this.#sink = sink;
    sink.onClose = () => {
      if (this.#sink === sink) this.#sink = undefined;
    };
    const from = after ?? this.#delivered;
    for (const { sequence, data } of [...this.#kept]) if (sequence > from) this.#send(sink, sequence, data);
    if (this.#done) this.finish();
  }

  /** Closes the connection; the stream goes on and can be attached again. */
  detach(): void {
    if (this.#sink?.stays) return;
    this.#sink?.end();
    this.#sink = undefined;
  }

  /** Closes one connection, where it still is the one that the stream is sent to. */
  leave(sink: StreamSink): void {
    if (this.#sink === sink) this.detach();
  }

  #send(sink: StreamSink, sequence: number, data: string): void {
    if (sink.send(data, this.eventId(sequence))) this.#delivered = Math.max(this.#delivered, sequence);
    // One that takes nothing more has said so meanwhile.
    else if (this.#sink === sink)
      sink.onSent = () => {
        this.#delivered = Math.max(this.#delivered, sequence);
        this.#onKept(0);
      };
  }

  /** Forgets the oldest event that was delivered, or any; false if there is none. */
  forgetOldest(onlyDelivered: boolean): boolean {
    const oldest = this.#kept[0];
    if (oldest === undefined || (onlyDelivered && oldest.sequence > this.#delivered)) return false;
    this.#kept.shift();
    this.#delivered = Math.max(this.#delivered, oldest.sequence);
    this.#onKept(-oldest.data.length);
    return true;
  }

  /** Forgets all events. */
  forget(): void {
    while (this.forgetOldest(false));
  }
}

/** Number of the stream that a GET without Last-Event-ID reads: what belongs to no request. */
const STANDALONE = 0;

export class SessionStreams {
  /** In the order of their numbers, and few. Not a Map: see swap-remove.ts. */
  #streams: SessionStream[] = [];
  readonly standalone: SessionStream;
  #keptBytes = 0;
  #closed = false;
  #next = STANDALONE + 1;
  readonly #unread: UnreadShare;

  /** @param room that it shares with other sessions */
  constructor(room = new UnreadRoom()) {
    this.#unread = new UnreadShare(room);
    this.standalone = this.#make(STANDALONE);
  }

  /** Whether a connection reads any of them. */
  get attached(): boolean {
    return this.#streams.some(({ attached }) => attached);
  }

  /** A stream for the answer to one POST. */
  open(): SessionStream {
    const stream = this.#make(this.#next);
    this.#next += 1;
    if (this.#streams.length > MAX_STREAMS) this.#evict();
    return stream;
  }

  /** The stream and place that an event id names, or undefined. */
  find(eventId: string): { stream: SessionStream; sequence: number } | undefined {
    const match = /^([0-9a-z]{1,10})-([0-9a-z]{1,10})$/.exec(eventId);
    if (match === null) return undefined;
    const named = Number.parseInt(match[1]!, 36);
    const stream = this.#streams.find(({ number }) => number === named);
    return stream === undefined ? undefined : { stream, sequence: Number.parseInt(match[2]!, 36) };
  }

  /** Ends all connections. */
  close(): void {
    for (const stream of this.#streams) stream.detach();
    this.#streams = [];
    this.#closed = true;
    this.#unread.update(0);
  }

  /** Keeps no more than so much, the newest; what was delivered is given up first. */
  relieve(maxBytes: number): void {
    for (const onlyDelivered of [true, false])
      for (const stream of this.#streams)
        while (this.#keptBytes > maxBytes && stream.forgetOldest(onlyDelivered));
  }

  #make(number: number): SessionStream {
    const stream = new SessionStream(number, (bytes) => {
      this.#keptBytes += bytes;
      if (bytes >= 0) this.#trim();
      if (!this.#closed) this.#unread.update(this.#keptBytes);
    });
    this.#streams.push(stream);
    return stream;
  }

  /**
   * A stream that is over and was delivered is kept only in case the connection broke on its last bytes; one that
   * nobody read is dropped only when there are far too many. One that is not over stays.
   */
  #evict(): void {
    const over = this.#streams.filter(({ done, number }) => done && number !== STANDALONE);
    const oldest = over.find(({ delivered }) => delivered);
    if (oldest !== undefined) this.#drop(oldest);
    else if (over[0] !== undefined && over.length > MAX_UNREAD) this.#drop(over[0]);
  }

  #drop(stream: SessionStream): void {
    stream.forget();
    removeAt(this.#streams, this.#streams.indexOf(stream));
  }

  #trim(): void {
    if (this.#keptBytes <= MAX_KEPT_BYTES) return;
    for (const stream of [...this.#streams]) {
      if (stream.done && stream.delivered) this.#drop(stream);
      else while (this.#keptBytes > MAX_KEPT_BYTES && stream.forgetOldest(true));
      if (this.#keptBytes <= MAX_KEPT_BYTES) return;
    }
    for (const stream of this.#streams)
      while (this.#keptBytes > MAX_UNDELIVERED_BYTES && stream.forgetOldest(false));
  }
}
