/** A line in which callers take turns, whatever each has waiting. */
import { type InLine, Line } from './line.ts';

/** Something that waits. Its members belong to the line, `caller` excepted; start them at the values named. */
export interface InTurn<T extends InTurn<T>> extends InLine<T> {
  /** Who takes turns with others. */
  readonly caller: string;
  /** Starts undefined. */
  ofCaller: CallerLine<T> | undefined;
}

/** What one caller has waiting, in order; it waits for its caller's turn. */
class CallerLine<T extends InTurn<T>> extends Line<T> implements InLine<CallerLine<T>> {
  readonly caller: string;
  waits = false;
  lineNext: CallerLine<T> | undefined = undefined;
  linePrevious: CallerLine<T> | undefined = undefined;

  constructor(caller: string) {
    super();
    this.caller = caller;
  }
}

/**
 * Each caller in turn; for each of them first come, first served. What is taken out as soon as it has come costs no more
 * than in a plain line: who it is of is looked at only once something has to wait (`wait`).
 */
export class FairLine<T extends InTurn<T>> {
  /** Nobody was asked about these yet. */
  readonly #come = new Line<T>();
  readonly #ofCallers = new Map<string, CallerLine<T>>();
  readonly #turns = new Line<CallerLine<T>>();
  #inTurns = 0;

  get length(): number {
    return this.#come.length + this.#inTurns;
  }

  push(item: T): void {
    this.#come.push(item);
  }

  /** How many `caller` has waiting. */
  lengthOf(caller: string): number {
    this.wait();
    return this.#ofCallers.get(caller)?.length ?? 0;
  }

  /** Takes out whose turn it is; nothing of `barred`, which keeps its turn. */
  shift(barred?: string): T | undefined {
    if (this.#inTurns === 0 && barred === undefined) return this.#come.shift();
    this.wait();
    const first = this.#turns.first;
    const line = first !== undefined && first.caller === barred ? first.lineNext : first;
    const item = line?.first;
    if (line === undefined || item === undefined) return undefined;
    this.leave(item);
    if (line.waits) {
      this.#turns.leave(line);
      this.#turns.push(line);
    }
    return item;
  }

  /** Harmless where it does not wait. */
  leave(item: T): void {
    const line = item.ofCaller;
    if (line === undefined) {
      this.#come.leave(item);
      return;
    }
    item.ofCaller = undefined;
    line.leave(item);
    this.#inTurns -= 1;
    if (line.length > 0) return;
    this.#turns.leave(line);
    this.#ofCallers.delete(line.caller);
  }

  /** Lets callers take turns for what has come and was not taken out. */
  wait(): void {
    for (let item = this.#come.shift(); item !== undefined; item = this.#come.shift()) {
      const line = this.#lineOf(item.caller);
      item.ofCaller = line;
      line.push(item);
      this.#inTurns += 1;
    }
  }

  #lineOf(caller: string): CallerLine<T> {
    const known = this.#ofCallers.get(caller);
    if (known !== undefined) return known;
    const line = new CallerLine<T>(caller);
    this.#ofCallers.set(caller, line);
    this.#turns.push(line);
    return line;
  }
}
