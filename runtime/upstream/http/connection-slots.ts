import { FairLine, type InTurn } from '../fair-line.ts';
import { shareOf, whoHas } from '../share.ts';

/** A call that may be paused. */
export interface SlotCall extends InTurn<SlotCall> {
  /** Belongs to the slots; starts false. */
  hasSlot: boolean;
  /** Its turn has come. */
  runInSlot(): void;
}

/** How many of the calls that may be paused are under way at once. Those that are paused do not count. */
export class ConnectionSlots {
  readonly #max: number;
  readonly #maxWaiting: number;
  readonly #share: number;
  readonly #shareOfWaiting: number;
  readonly #underWay = new Set<SlotCall>();
  readonly #waiting = new FairLine<SlotCall>();

  constructor(max: number, maxWaiting: number) {
    this.#max = max;
    this.#maxWaiting = maxWaiting;
    this.#share = shareOf(max);
    this.#shareOfWaiting = shareOf(maxWaiting);
  }

  /** Calls that wait for a slot. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `call` as soon as there is a slot for it, now as a rule; callers take turns. False: too many wait. */
  enter(call: SlotCall): boolean {
    const { caller } = call;
    if (!call.hasSlot && (this.#underWay.size >= this.#max || this.#whoHasItsShare() === caller)) {
      if (!this.#hasRoom(caller)) return false;
      this.#waiting.push(call);
      this.#waiting.wait();
      return true;
    }
    this.reenter(call);
    call.runInSlot();
    return true;
  }

  /** The call is over, or paused. Harmless where it had no slot. */
  leave(call: SlotCall): void {
    this.#waiting.leave(call);
    if (!call.hasSlot) return;
    call.hasSlot = false;
    this.#underWay.delete(call);
    if (this.#underWay.size >= this.#max) return;
    const next = this.#waiting.shift(this.#whoHasItsShare());
    if (next !== undefined) this.enter(next);
  }

  /** A paused call goes on, whether there is a slot or not: the upstream has its request already. */
  reenter(call: SlotCall): void {
    if (call.hasSlot) return;
    call.hasSlot = true;
    this.#underWay.add(call);
  }

  /** Who waits although there is a slot, so that others find one. */
  #whoHasItsShare(): string | undefined {
    return this.#underWay.size < this.#share ? undefined : whoHas(this.#share, this.#underWay);
  }

  #hasRoom(caller: string): boolean {
    const { length } = this.#waiting;
    if (length >= this.#maxWaiting) return false;
    return length < this.#shareOfWaiting || this.#waiting.lengthOf(caller) < this.#shareOfWaiting;
  }
}
