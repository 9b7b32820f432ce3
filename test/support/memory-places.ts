/** Places of a store without the store: what the script in the store does, said plainly. */
import { type PlaceAnswer, type PlaceStep, StoreAway } from '../../runtime/state/state-store.ts';

interface Kept {
  readonly id: string;
  untilMs: number;
  isWaiting: boolean;
}

export class MemoryPlaces {
  isAway = false;
  /** Round trips. */
  asked = 0;
  /** What was told in them, in that order. */
  readonly told: PlaceStep['what'][] = [];
  readonly #nowMs: () => number;
  /** By name, in the order in which they came. */
  #kept = new Map<string, Kept[]>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Who holds a place, or waits for one. */
  of(name: string, isWaiting: boolean): readonly string[] {
    return this.#alive(name)
      .filter((each) => each.isWaiting === isWaiting)
      .map(({ id }) => id);
  }

  /** It loses what it had. */
  reset(): void {
    this.#kept = new Map();
  }

  async places(steps: readonly PlaceStep[], leaseMs: number): Promise<readonly PlaceAnswer[]> {
    this.asked += 1;
    this.told.push(...steps.map(({ what }) => what));
    if (this.isAway) throw new StoreAway('away');
    return steps.map((step) => this.#do(step, leaseMs));
  }

  #alive(name: string): Kept[] {
    const alive = (this.#kept.get(name) ?? []).filter(({ untilMs }) => untilMs > this.#nowMs());
    this.#kept.set(name, alive);
    return alive;
  }

  #do({ what, name, id, max, queue }: PlaceStep, leaseMs: number): PlaceAnswer {
    const all = this.#alive(name);
    const known = all.find((each) => each.id === id);
    if (what === 'leave') {
      this.#kept.set(
        name,
        all.filter((each) => each !== known),
      );
      return 'held';
    }
    const waiting = all.filter(({ isWaiting }) => isWaiting);
    const free = max - (all.length - waiting.length);
    const isHeld = known !== undefined && !known.isWaiting;
    const before = known?.isWaiting === true ? waiting.indexOf(known) : waiting.length;
    const isIn = what === 'renew' || isHeld || before < free;
    if (!isIn && known === undefined && waiting.length >= queue) return 'full';
    const untilMs = this.#nowMs() + leaseMs;
    if (known === undefined) all.push({ id, untilMs, isWaiting: !isIn });
    else {
      known.untilMs = untilMs;
      if (isIn) known.isWaiting = false;
    }
    return isIn ? 'held' : 'waits';
  }
}
