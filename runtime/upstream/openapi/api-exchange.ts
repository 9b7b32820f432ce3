/** One HTTP request to an API and the reading of its answer. */
import { NotTried } from '../client/absence.ts';
import type { Outgoing, ReplyTarget } from '../client/outgoing.ts';
import type { ReplyHead, ReplyHeaders } from '../client/reply-head.ts';
import {
  dispatchFailure,
  type Failure,
  protocolFailure,
  tooLargeFailure,
  upstreamError,
} from '../failure.ts';
import { Pieces } from '../pieces.ts';
import { EgressRefused } from './egress-lookup.ts';

/** An answer as it came. */
export interface ApiReply {
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly body: Buffer;
}

/** Told what came: one of `onReply` and `onBroken`, once, after `onHead` where there was an answer. */
export interface ApiExchangeTarget {
  onHead(status: number): void;
  onReply(reply: ApiReply): void;
  onBroken(failure: Failure): void;
}

/** Of an answer that is no success this much is read. */
const MAX_ERROR_BYTES = 16 * 1024;

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** The target is not called any more after `abort`. */
export class ApiExchange implements ReplyTarget {
  readonly #target: ApiExchangeTarget;
  readonly #maxBytes: number;
  #outgoing: Outgoing | undefined;
  #done = false;
  #status = 0;
  #headers: ReplyHeaders = {};
  readonly #body = new Pieces();

  /** @param maxBytes the largest body of a success */
  constructor(target: ApiExchangeTarget, maxBytes: number) {
    this.#target = target;
    this.#maxBytes = maxBytes;
  }

  /** Closes the request's connection, now or as soon as it has one. */
  abort(): void {
    if (this.#done) return;
    this.#done = true;
    this.#outgoing?.abort();
  }

  /** Told once what carries it. */
  carriedBy(outgoing: Outgoing): void {
    this.#outgoing = outgoing;
  }

  onHead({ status, headers }: ReplyHead): void {
    if (this.#done) return;
    this.#status = status;
    this.#headers = headers;
    const coding = headers['content-encoding'];
    const length = Number(headers['content-length'] ?? 0);
    if (coding !== undefined && coding.toLowerCase() !== 'identity')
      this.#break(protocolFailure('a coding that was not asked for'));
    else if (isSuccess(status) && length > this.#maxBytes) this.#break(tooLargeFailure(this.#maxBytes));
    else this.#target.onHead(status);
  }

  onData(chunk: Buffer): void {
    if (this.#done) return;
    this.#body.push(chunk);
    if (isSuccess(this.#status)) {
      if (this.#body.bytes > this.#maxBytes) this.#break(tooLargeFailure(this.#maxBytes));
    } else if (this.#body.bytes > MAX_ERROR_BYTES) {
      this.abort();
      this.#tell();
    }
  }

  onEnd(): void {
    if (this.#done) return;
    this.#done = true;
    this.#tell();
  }

  onError(error: Error): void {
    if (this.#done) return;
    this.#done = true;
    // Nobody is at fault but who wrote the rules, and trying again changes nothing.
    const cause = error instanceof NotTried ? error.cause : error;
    const failure =
      cause instanceof EgressRefused
        ? { error: upstreamError('upstream_unavailable', cause), sent: false }
        : dispatchFailure(error, this.#outgoing?.sent === true);
    this.#target.onBroken(failure);
  }

  #tell(): void {
    const body = this.#body.whole();
    const isCut = !isSuccess(this.#status) && body.length > MAX_ERROR_BYTES;
    this.#target.onReply({
      status: this.#status,
      headers: this.#headers,
      body: isCut ? body.subarray(0, MAX_ERROR_BYTES) : body,
    });
  }

  #break(failure: Failure): void {
    this.abort();
    this.#target.onBroken(failure);
  }
}
