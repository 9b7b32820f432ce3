/** A request of the client, from being asked for to its end. */
import type { InTurn } from '../fair-line.ts';
import type { Connection } from './connection.ts';
import type { Loan } from './read-buffers.ts';
import type { ReplyParts } from './reply-parser.ts';

/** Told what comes of a request. `onEnd` and `onError` are ends: one of them comes, once, unless it is aborted. */
export interface ReplyTarget extends ReplyParts {
  /** As there. `loan` is that of the memory that the chunk, and nothing else, lies in; absent: it is lent by nobody. */
  onData(chunk: Buffer, loan?: Loan): void;
  onError(error: Error): void;
}

export interface RequestText {
  /** All lines of the head but those of the body's framing, each with its CRLF. */
  readonly head: string;
  readonly isHead: boolean;
  readonly body: string | Uint8Array | null;
  /** Whether it is to find out who is there, whatever was learned a moment ago. */
  readonly isCheck?: boolean;
  /** Whom it is sent for; absent: the gateway itself, which is a caller like others. */
  readonly caller?: string | undefined;
}

const WRITTEN: RequestText = { head: '', isHead: false, body: null };

export class Outgoing implements InTurn<Outgoing> {
  readonly target: ReplyTarget;
  readonly caller: string;
  /** Whether a byte of it may have left. */
  sent = false;
  /** The end has come, or nobody waits for it. */
  over = false;
  connection: Connection | undefined;
  waits = false;
  lineNext: Outgoing | undefined = undefined;
  linePrevious: Outgoing | undefined = undefined;
  ofCaller: InTurn<Outgoing>['ofCaller'] = undefined;
  #text: RequestText;
  readonly #drop: (request: Outgoing) => void;

  constructor(text: RequestText, target: ReplyTarget, drop: (request: Outgoing) => void) {
    this.#text = text;
    this.target = target;
    this.caller = text.caller ?? '';
    this.#drop = drop;
  }

  /** To be written, once: it is not kept for as long as the reply takes. */
  takeText(): RequestText {
    const text = this.#text;
    this.#text = WRITTEN;
    return text;
  }

  /** No more of the reply until `resume`. */
  pause(): void {
    this.connection?.pause();
  }

  resume(): void {
    this.connection?.resume();
  }

  /** Takes it back; a connection that carries it is closed. Its target is told nothing any more. */
  abort(): void {
    if (this.over) return;
    this.over = true;
    if (this.connection === undefined) this.#drop(this);
    else this.connection.destroy();
  }

  fail(error: Error): void {
    if (this.over) return;
    this.over = true;
    this.target.onError(error);
  }
}
