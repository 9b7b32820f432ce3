/** How many of the calls that may be paused are under way at once. Those that are paused do not count. */
export class ConnectionSlots {
  readonly #max: number;
  readonly #underWay = new Set<object>();
  readonly #waiting = new Map<object, () => void>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Runs `run` as soon as there is a slot for `call`, now as a rule. */
  enter(call: object, run: () => void): void {
    if (this.#underWay.size >= this.#max && !this.#underWay.has(call)) {
      this.#waiting.set(call, run);
      return;
    }
    this.#underWay.add(call);
    run();
  }

  /** The call is over, or paused. Harmless where it had no slot. */
  leave(call: object): void {
    this.#waiting.delete(call);
    if (!this.#underWay.delete(call)) return;
    const [next] = this.#waiting;
    if (next === undefined || this.#underWay.size >= this.#max) return;
    this.#waiting.delete(next[0]);
    this.enter(next[0], next[1]);
  }

  /** A paused call goes on, whether there is a slot or not: the upstream has its request already. */
  reenter(call: object): void {
    this.#underWay.add(call);
  }
}
