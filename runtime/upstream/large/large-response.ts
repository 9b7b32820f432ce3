/** A response on its way to the client in pieces: checked, rewritten, and no faster than the client reads. */
import type { GatewayError } from '../../errors.ts';
import { asGatewayError } from '../../errors.ts';
import type { Loan } from '../client/read-buffers.ts';
import { type Failure, protocolFailure, tooLargeFailure } from '../failure.ts';
import type { LargeReply } from '../link.ts';
import { notePassed } from './collect.ts';
import { ResponseRewriter } from './response-rewriter.ts';

/**
 * So much of a response may wait here for its client. As far as that the upstream is read on, for who holds one of its
 * connections holds up others who call it: of what readers leave unread, all of them together may leave so much.
 */
const MAX_AHEAD_BYTES = 1024 * 1024;

/** Where the bytes come from. */
export interface Source {
  /** No more for the time being, as far as that can be had. */
  pause(): void;
  resume(): void;
}

/** The call that the response belongs to. */
export interface PassingCall {
  readonly request: { readonly id: number };
  readonly maxBytes: number;
  readonly over: boolean;
  largeReply(): LargeReply | undefined;
  passing(reply: LargeReply): void;
  passed(held: boolean): void;
  passedWhole(): void;
  failed(failure: Failure): void;
  cancel(reason?: string): void;
}

/** Takes the rest of a message that is too large to be held. */
export interface Inflow {
  /** `loan` is that of the chunk, to be given back. False: it was refused, and nothing more is wanted. */
  push(chunk: Buffer, loan?: Loan): boolean;
  /** The message has ended. */
  end(): void;
}

class LargeResponse implements Inflow {
  readonly #call: PassingCall;
  readonly #reply: LargeReply;
  readonly #rewriter: ResponseRewriter;
  readonly #source: Source;
  #bytes: number;
  /** Since the client has read all, as far as it was behind. */
  #ahead = 0;
  #held = false;

  constructor(
    call: PassingCall,
    reply: LargeReply,
    rewriter: ResponseRewriter,
    source: Source,
    bytes: number,
  ) {
    this.#call = call;
    this.#reply = reply;
    this.#rewriter = rewriter;
    this.#source = source;
    this.#bytes = bytes;
    reply.onDrain = () => this.#drained();
    reply.onGone = () => call.cancel();
  }

  push(chunk: Buffer, loan?: Loan): boolean {
    this.#bytes += chunk.length;
    if (loan === undefined) notePassed(chunk.length);
    if (this.#bytes > this.#call.maxBytes) return this.#refuse(tooLargeFailure(this.#call.maxBytes));
    const pieces = this.#rewriter.push(chunk);
    if (this.#rewriter.state !== 'result') return this.#refuse(protocolFailure(this.#rewriter.fault));
    return this.write(pieces, loan === undefined ? undefined : () => loan.giveBack());
  }

  /** Writes what has been rewritten. `onWritten` is told when nobody reads its bytes any more, as far as that is known. */
  write(pieces: readonly Buffer[], onWritten: (() => void) | undefined): boolean {
    const last = this.#rewriter.keepsBytes ? -1 : pieces.length - 1;
    try {
      for (let at = 0; at < pieces.length; at += 1)
        if (!this.#reply.write(pieces[at]!, at === last ? onWritten : undefined))
          this.#isAhead(pieces[at]!.length);
    } catch (thrown) {
      return this.#refuse({ error: asGatewayError(thrown) as GatewayError, sent: true });
    }
    this.#call.passed(this.#held);
    return !this.#call.over;
  }

  end(): void {
    if (this.#rewriter.end()) this.#call.passedWhole();
    else this.#call.failed(protocolFailure(this.#rewriter.fault));
  }

  #isAhead(bytes: number): void {
    this.#ahead += bytes;
    if (this.#held || this.#ahead < MAX_AHEAD_BYTES) return;
    this.#held = true;
    this.#source.pause();
  }

  #drained(): void {
    this.#ahead = 0;
    if (!this.#held || this.#call.over) return;
    this.#held = false;
    this.#call.passed(false);
    this.#source.resume();
  }

  #refuse(failure: Failure): false {
    this.#call.failed(failure);
    return false;
  }
}

/**
 * Begins to pass on a response that has come as far as `prefix`, and gives back the loans of that. Undefined, and nothing
 * was done: it has to be held, because it is no result, or one that is read whole, or nobody takes it in pieces.
 */
export const passOn = (
  call: PassingCall,
  prefix: readonly Buffer[],
  source: Source,
  loans: readonly Loan[] = [],
): Inflow | 'refused' | undefined => {
  const reply = call.largeReply();
  if (reply === undefined) return undefined;
  const rewriter = new ResponseRewriter(call.request.id, reply.edits);
  const pieces = prefix.flatMap((chunk) => rewriter.push(chunk));
  if (rewriter.state === 'fault') {
    call.failed(protocolFailure(rewriter.fault));
    return 'refused';
  }
  if (rewriter.state !== 'result') return undefined;
  rewriter.commit();
  call.passing(reply);
  const bytes = prefix.reduce((sum, { length }) => sum + length, 0);
  const response = new LargeResponse(call, reply, rewriter, source, bytes);
  const giveBack = (): void => {
    for (const loan of loans) loan.giveBack();
  };
  return response.write(pieces, giveBack) ? response : 'refused';
};
