import { type InLine, Line } from '../line.ts';

/** A call that may be paused. */
export interface SlotCall extends InLine<SlotCall> {
  /** Belongs to the slots; starts false. */
  hasSlot: boolean;
  /** Its turn has come. */
  runInSlot(): void;
}

/** How many of the calls that may be paused are under way at once. Those that are paused do not count. */
export class ConnectionSlots {
  readonly #max: number;
  readonly #maxWaiting: number;
  #underWay = 0;
  readonly #waiting = new Line<SlotCall>();

  constructor(max: number, maxWaiting: number) {
    this.#max = max;
    this.#maxWaiting = maxWaiting;
  }

  /** Calls that wait for a slot. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `call` as soon as there is a slot for it, now as a rule. False: too many wait. */
  enter(call: SlotCall): boolean {
    if (!call.hasSlot && this.#underWay >= this.#max) {
      if (this.#waiting.length >= this.#maxWaiting) return false;
      this.#waiting.push(call);
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
    this.#underWay -= 1;
    if (this.#underWay >= this.#max) return;
    const next = this.#waiting.shift();
    if (next !== undefined) this.enter(next);
  }

  /** A paused call goes on, whether there is a slot or not: the upstream has its request already. */
  reenter(call: SlotCall): void {
    if (call.hasSlot) return;
    call.hasSlot = true;
    this.#underWay += 1;
  }
}
