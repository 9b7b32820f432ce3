/** Deadlines of all calls in flight, kept on one coarse timer instead of one timer for each. */

/** Something with a deadline. The last four members belong to the wheel; start them at the values named. */
export interface Timed {
  /**
   * Called at most once for each `schedule`, at the time asked for or up to one tick and a few turns of the event loop
   * after it.
   */
  onDeadline(): void;
  /** Starts at 0. */
  deadlineMs: number;
  /** Starts at -1: not scheduled. */
  deadlineSlot: number;
  /** Starts undefined. */
  deadlineNext: Timed | undefined;
  /** Starts undefined. */
  deadlinePrevious: Timed | undefined;
}

const TICK_MS = 20;
const SLOTS = 512;

/** What is due in one tick is met within so many turns of the event loop. */
const TURNS = 16;

/**
 * A hashed timer wheel: scheduling and cancelling are a few pointer writes. The timer runs only while something
 * is scheduled and never keeps the process alive.
 */
export class DeadlineWheel {
  readonly #slots: (Timed | undefined)[] = new Array<Timed | undefined>(SLOTS).fill(undefined);
  readonly #nowMs: () => number;
  #timer: NodeJS.Timeout | undefined;
  /** The last tick that was swept, counted from the clock's zero. */
  #swept = 0;
  #count = 0;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** How many entries wait. */
  get size(): number {
    return this.#count;
  }

  /** Sets or moves the deadline of `entry` to `atMs` on the wheel's clock. */
  schedule(entry: Timed, atMs: number): void {
    if (entry.deadlineSlot >= 0) this.cancel(entry);
    if (this.#timer === undefined) this.#start();
    // A tick that was swept already is not visited again before the wheel has gone round.
    const tick = Math.max(Math.ceil(atMs / TICK_MS), this.#swept + 1);
    const slot = tick % SLOTS;
    const head = this.#slots[slot];
    entry.deadlineMs = atMs;
    entry.deadlineSlot = slot;
    entry.deadlineNext = head;
    entry.deadlinePrevious = undefined;
    if (head !== undefined) head.deadlinePrevious = entry;
    this.#slots[slot] = entry;
    this.#count += 1;
  }

  /** Takes the deadline back; harmless if there is none. */
  cancel(entry: Timed): void {
    if (entry.deadlineSlot < 0) return;
    const next = entry.deadlineNext;
    const previous = entry.deadlinePrevious;
    if (previous === undefined) this.#slots[entry.deadlineSlot] = next;
    else previous.deadlineNext = next;
    if (next !== undefined) next.deadlinePrevious = previous;
    entry.deadlineSlot = -1;
    entry.deadlineNext = undefined;
    entry.deadlinePrevious = undefined;
    this.#count -= 1;
  }

  /** Meets all that is due, at once. */
  sweep(): void {
    for (const entry of this.#due()) this.#meet(entry);
  }

  /**
   * Meets what is due, a few in each turn of the event loop: those that were sent at one moment are due at one moment,
   * and their ends must not keep waiting whoever comes meanwhile.
   */
  #sweepInTurns(): void {
    const due = this.#due();
    const atOnce = Math.ceil(due.length / TURNS);
    let met = 0;
    const turn = (): void => {
      const end = met + atOnce;
      if (end < due.length) setImmediate(turn);
      while (met < Math.min(end, due.length)) {
        met += 1;
        this.#meet(due[met - 1]!);
      }
    };
    if (due.length > 0) turn();
  }

  #due(): readonly Timed[] {
    const nowMs = this.#nowMs();
    const now = Math.floor(nowMs / TICK_MS);
    const first = Math.max(this.#swept + 1, now - SLOTS + 1);
    this.#swept = Math.max(this.#swept, now);
    const due: Timed[] = [];
    for (let tick = first; tick <= now; tick += 1)
      for (let entry = this.#slots[tick % SLOTS]; entry !== undefined; entry = entry.deadlineNext)
        if (entry.deadlineMs <= nowMs) due.push(entry);
    return due;
  }

  #meet(entry: Timed): void {
    // What was met before it may have cancelled or moved it.
    if (entry.deadlineSlot < 0 || entry.deadlineMs > this.#nowMs()) return;
    this.cancel(entry);
    entry.onDeadline();
  }

  #start(): void {
    this.#swept = Math.floor(this.#nowMs() / TICK_MS);
    this.#timer = setInterval(() => {
      this.#sweepInTurns();
      if (this.#count === 0) this.#stop();
    }, TICK_MS).unref();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** The wheel that every call of this process shares; its clock is `performance.now()`. */
export const deadlines = new DeadlineWheel();
