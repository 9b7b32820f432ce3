/** The calls of modern clients that are under way on one legacy conversation. */
import { type Placed, place, removeAt, swapRemove } from '../../swap-remove.ts';
import { upstreamError } from '../../upstream/failure.ts';
import type { UpstreamAsk } from './question.ts';

/** A call on its conversation. */
export interface CallOnLink extends Placed {
  /** Takes what the upstream asked outside any stream of a call. */
  asked(ask: UpstreamAsk): void;
  /** Takes a notification that the upstream sent outside any stream of a call. */
  told(text: string, message: UpstreamAsk['message']): void;
}

interface Waiting {
  readonly call: CallOnLink;
  readonly run: () => void;
  readonly fail: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** More calls than this do not wait for their turn. */
const MAX_WAITING = 100;

/**
 * Nothing that comes over the pipes of a process says which call it belongs to. Where the upstream may ask, calls
 * are made one at a time there: the one that is under way is the one that is meant.
 */
export class LinkCalls {
  /** Whether the upstream was told that its caller can be asked something. */
  readonly mayAsk: boolean;
  readonly #oneAtATime: boolean;
  readonly #underWay: CallOnLink[] = [];
  /** The first is the next. Not a Set: see swap-remove.ts. */
  readonly #waiting: Waiting[] = [];

  constructor(mayAsk: boolean, isProcess: boolean) {
    this.mayAsk = mayAsk;
    this.#oneAtATime = mayAsk && isProcess;
  }

  /** The call that an ask without an address belongs to: the only one there is. */
  get only(): CallOnLink | undefined {
    return this.#underWay.length === 1 ? this.#underWay[0] : undefined;
  }

  /** Runs `run` when it is the call's turn, now as a rule; `fail` if that takes longer than `timeoutMs`. */
  enter(call: CallOnLink, timeoutMs: number, run: () => void, fail: (error: Error) => void): void {
    if (!this.#oneAtATime || this.#underWay.length === 0) {
      place(this.#underWay, call);
      run();
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      fail(upstreamError('upstream_unavailable', 'too many calls wait for their turn'));
      return;
    }
    const timer = setTimeout(() => {
      this.#unqueue(waiting);
      fail(upstreamError('upstream_timeout', 'another call of this client has not ended'));
    }, timeoutMs).unref();
    const waiting: Waiting = { call, run, fail, timer };
    this.#waiting.push(waiting);
  }

  /** The call is over, or wanted no more. */
  leave(call: CallOnLink): void {
    if (this.#waiting.length > 0)
      for (const waiting of this.#waiting.filter((each) => each.call === call)) this.#unqueue(waiting);
    if (!swapRemove(this.#underWay, call) || !this.#oneAtATime || this.#underWay.length > 0) return;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#unqueue(next);
    place(this.#underWay, next.call);
    next.run();
  }

  #unqueue(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    removeAt(this.#waiting, this.#waiting.indexOf(waiting));
  }
}
