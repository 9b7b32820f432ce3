import { swapRemove } from '../../swap-remove.ts';

/** How many of the calls that may be paused are under way at once. Those that are paused do not count. */
export class ConnectionSlots {
  readonly #max: number;
  readonly #underWay: object[] = [];
  readonly #waiting = new Map<object, () => void>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Runs `run` as soon as there is a slot for `call`, now as a rule. */
  enter(call: object, run: () => void): void {
    const has = this.#underWay.includes(call);
    if (!has && this.#underWay.length >= this.#max) {
      this.#waiting.set(call, run);
      return;
    }
    if (!has) this.#underWay.push(call);
    run();
  }

  /** The call is over, or paused. Harmless where it had no slot. */
  leave(call: object): void {
    if (this.#waiting.size > 0) this.#waiting.delete(call);
    if (!swapRemove(this.#underWay, call)) return;
    const [next] = this.#waiting;
    if (next === undefined || this.#underWay.length >= this.#max) return;
    this.#waiting.delete(next[0]);
    this.enter(next[0], next[1]);
  }

  /** A paused call goes on, whether there is a slot or not: the upstream has its request already. */
  reenter(call: object): void {
    if (!this.#underWay.includes(call)) this.#underWay.push(call);
  }
}
