/** The requests of a session that have no answer yet. */
import type { GatewayError } from '../../errors.ts';
import type { Cancel } from '../../upstream/link.ts';
import type { ClientReply } from '../client-reply.ts';

interface Waiting {
  readonly reply: ClientReply;
  /** Set once the request is under way. */
  cancel: Cancel | undefined;
}

/** Requests of one session that may wait at once. */
const MAX_IN_FLIGHT = 512;

export class InFlight {
  readonly #waiting = new Map<string, Waiting>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Whether no more can wait. */
  get full(): boolean {
    return this.#waiting.size >= MAX_IN_FLIGHT;
  }

  /** Notes a request by the JSON text of its id. False: the id is in use, or there are too many. */
  begin(idText: string, reply: ClientReply): boolean {
    if (this.#waiting.has(idText) || this.full) return false;
    this.#waiting.set(idText, { reply, cancel: undefined });
    return true;
  }

  /** Whether an answer is still wanted. */
  has(idText: string): boolean {
    return this.#waiting.has(idText);
  }

  /** The request is under way; a request that is over already has nothing to take back. */
  started(idText: string, cancel: Cancel): void {
    const waiting = this.#waiting.get(idText);
    if (waiting !== undefined) waiting.cancel = cancel;
  }

  finished(idText: string): void {
    this.#waiting.delete(idText);
  }

  /** The client takes a request back: it gets no answer, and its reply ends. An unknown id is ignored. */
  cancel(idText: string, reason: string): void {
    const waiting = this.#waiting.get(idText);
    if (waiting === undefined) return;
    this.#waiting.delete(idText);
    waiting.cancel?.(reason);
    waiting.reply.abandon();
  }

  /** The client is gone: all that wait are taken back, without an answer. */
  abandon(): void {
    for (const idText of [...this.#waiting.keys()]) this.cancel(idText, 'the client is gone');
  }

  /** The session is over: all that wait are taken back and answered with `error`. */
  end(error: GatewayError): void {
    for (const [idText, { reply, cancel }] of this.#waiting) {
      this.#waiting.delete(idText);
      cancel?.(error.message);
      reply.error(error);
    }
  }
}
