/** The event streams of a legacy session, kept for resumption (MCP 2025-11-25, transports, Resumability). */
import type { EventStream } from '../../listen/event-stream.ts';

/** Bounds on what one session keeps; the oldest streams that are over go first. */
const MAX_STREAMS = 64;
const MAX_EVENTS = 512;
const MAX_BYTES = 4 * 1024 * 1024;

interface KeptEvent {
  readonly sequence: number;
  readonly data: string;
}

/** One stream: what was sent on it, and the connection that it is sent to at the moment, if any. */
export class SessionStream {
  readonly number: number;
  readonly #kept: KeptEvent[] = [];
  #keptBytes = 0;
  #sequence = 0;
  #delivered = 0;
  #sink: EventStream | undefined;
  #done = false;

  constructor(number: number) {
    this.number = number;
  }

  /** All that was to be sent has been appended. */
  get done(): boolean {
    return this.#done;
  }

  get attached(): boolean {
    return this.#sink !== undefined;
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
    this.#keptBytes += data.length;
    while (this.#kept.length > MAX_EVENTS || (this.#keptBytes > MAX_BYTES && this.#kept.length > 1))
      this.#keptBytes -= this.#kept.shift()!.data.length;
    if (this.#sink === undefined) return;
    this.#sink.send(data, this.eventId(this.#sequence));
    this.#delivered = this.#sequence;
  }

  /** Nothing more will be appended. */
  finish(): void {
    this.#done = true;
    this.#sink?.end();
    this.#sink = undefined;
  }

  /** Sends to `sink` from now on, after what was kept behind `after` (or was never sent, without it). */
  attach(sink: EventStream, after: number | undefined): void {
    this.detach();
    this.#sink = sink;
    sink.onClose = () => {
      if (this.#sink === sink) this.#sink = undefined;
    };
    for (const { sequence, data } of this.#kept)
      if (sequence > (after ?? this.#delivered)) sink.send(data, this.eventId(sequence));
    this.#delivered = this.#sequence;
    if (this.#done) this.finish();
  }

  /** Closes the connection; the stream goes on and can be attached again. */
  detach(): void {
    this.#sink?.end();
    this.#sink = undefined;
  }
}

/** Number of the stream that a GET without Last-Event-ID reads: what belongs to no request. */
const STANDALONE = 0;

export class SessionStreams {
  readonly standalone = new SessionStream(STANDALONE);
  readonly #streams = new Map<number, SessionStream>([[STANDALONE, this.standalone]]);
  #next = STANDALONE + 1;

  /** A stream for the answer to one POST. */
  open(): SessionStream {
    const stream = new SessionStream(this.#next);
    this.#next += 1;
    this.#streams.set(stream.number, stream);
    if (this.#streams.size > MAX_STREAMS) this.#evict();
    return stream;
  }

  /** The stream and place that an event id names, or undefined. */
  find(eventId: string): { stream: SessionStream; sequence: number } | undefined {
    const match = /^([0-9a-z]{1,10})-([0-9a-z]{1,10})$/.exec(eventId);
    if (match === null) return undefined;
    const stream = this.#streams.get(Number.parseInt(match[1]!, 36));
    return stream === undefined ? undefined : { stream, sequence: Number.parseInt(match[2]!, 36) };
  }

  /** Ends all connections. */
  close(): void {
    for (const stream of this.#streams.values()) stream.detach();
    this.#streams.clear();
  }

  #evict(): void {
    for (const [number, stream] of this.#streams) {
      if (number === STANDALONE || !(stream.done || !stream.attached)) continue;
      this.#streams.delete(number);
      return;
    }
  }
}
