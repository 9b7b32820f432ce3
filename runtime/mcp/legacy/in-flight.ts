/** The requests of a session that have no answer yet. */
import { randomInt } from 'node:crypto';
import type { GatewayError } from '../../errors.ts';
import type { Cancel } from '../../upstream/link.ts';
import type { Pause } from '../call.ts';
import type { ClientReply } from '../client-reply.ts';
import type { PreparedServer } from '../server.ts';

interface Waiting {
  readonly idText: string;
  readonly mark: number;
  readonly reply: ClientReply;
  /** Of the server that it began under. */
  readonly exposures: PreparedServer['exposures'] | undefined;
  /** Set once the request is under way. */
  cancel: Cancel | undefined;
  pause: Pause | undefined;
  /** What its upstream has asked the client and waits for. */
  asks: number;
  /** Ends the time that the client is given to answer. */
  timer: NodeJS.Timeout | undefined;
}

/** How long a call's clock stands still for its client: a user may take long, one that is gone takes for ever. */
const MAX_PAUSE_MS = 10 * 60 * 1000;

/** Requests of one session that may wait at once. */
const MAX_IN_FLIGHT = 512;

/** What keeps anybody from choosing ids whose marks are the same. */
const SEED = randomInt(2 ** 31);

/** Tells ids apart without comparing them: they may be long, and many. */
const markOf = (idText: string): number => {
  let mark = SEED;
  for (let at = 0; at < idText.length; at += 1)
    mark = Math.imul((mark ^ idText.charCodeAt(at)) + (mark >>> 15), 0x9e3779b1);
  return mark | 0;
};

/** Not a Map: see swap-remove.ts. */
export class InFlight {
  readonly #waiting: Waiting[] = [];
  /** Of the server that requests begin under: they are the same for as long as nothing of it changes. */
  exposures: PreparedServer['exposures'] | undefined;

  get size(): number {
    return this.#waiting.length;
  }

  /** Whether no more can wait. */
  get full(): boolean {
    return this.#waiting.length >= MAX_IN_FLIGHT;
  }

  /** Notes a request by the JSON text of its id. False: the id is in use, or there are too many. */
  begin(idText: string, reply: ClientReply): boolean {
    const mark = markOf(idText);
    if (this.#at(idText, mark) >= 0 || this.full) return false;
    this.#waiting.push({
      idText,
      mark,
      reply,
      exposures: this.exposures,
      cancel: undefined,
      pause: undefined,
      asks: 0,
      timer: undefined,
    });
    return true;
  }

  /** Whether an answer is still wanted. */
  has(idText: string): boolean {
    return this.#at(idText) >= 0;
  }

  /** The request is under way; a request that is over already has nothing to take back. */
  started(idText: string, cancel: Cancel, pause: Pause | undefined): void {
    const waiting = this.#get(idText);
    if (waiting === undefined) return;
    waiting.cancel = cancel;
    waiting.pause = pause;
  }

  /** The client is asked on behalf of a request: the time that it takes is not the upstream's. */
  asked(idText: string): void {
    const waiting = this.#get(idText);
    if (waiting === undefined) return;
    waiting.asks += 1;
    if (waiting.asks > 1) return;
    waiting.pause?.(true);
    waiting.timer = setTimeout(() => waiting.pause?.(false), MAX_PAUSE_MS).unref();
  }

  /** An ask is answered, or was taken back. */
  settled(idText: string): void {
    const waiting = this.#get(idText);
    if (waiting === undefined || waiting.asks === 0) return;
    waiting.asks -= 1;
    if (waiting.asks > 0) return;
    clearTimeout(waiting.timer);
    waiting.pause?.(false);
  }

  finished(idText: string): void {
    const at = this.#at(idText);
    if (at < 0) return;
    const { timer } = this.#waiting[at]!;
    if (timer !== undefined) clearTimeout(timer);
    const last = this.#waiting.pop()!;
    if (at < this.#waiting.length) this.#waiting[at] = last;
  }

  /** The client takes a request back: it gets no answer, and its reply ends. An unknown id is ignored. */
  cancel(idText: string, reason: string): void {
    const waiting = this.#get(idText);
    if (waiting === undefined) return;
    this.finished(idText);
    waiting.cancel?.(reason);
    waiting.reply.abandon();
  }

  /** The client is gone: all that wait are taken back, without an answer. */
  abandon(): void {
    for (const { idText } of [...this.#waiting]) this.cancel(idText, 'the client is gone');
  }

  /** All that wait are taken back and answered with `error`; with `under`, those that began under that server. */
  end(error: GatewayError, under?: PreparedServer['exposures']): void {
    for (const { idText, reply, cancel, exposures } of [...this.#waiting]) {
      if (under !== undefined && exposures !== under) continue;
      this.finished(idText);
      cancel?.(error.message);
      reply.error(error);
    }
  }

  #get(idText: string): Waiting | undefined {
    return this.#waiting[this.#at(idText)];
  }

  /** Where it is; -1: nowhere. */
  #at(idText: string, mark = markOf(idText)): number {
    for (let at = 0; at < this.#waiting.length; at += 1) {
      const waiting = this.#waiting[at]!;
      if (waiting.mark === mark && waiting.idText === idText) return at;
    }
    return -1;
  }
}
