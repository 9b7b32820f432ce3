/** The generations that are alive: one that serves, and older ones that end. */
import assert from 'node:assert/strict';
import type { Generation } from './generation.ts';

/** How older generations end. Taken from the graph that replaces them. */
export interface DrainBounds {
  readonly deadlineMs: number;
  /** Alive at once; the oldest beyond it have only `windowMs` left. */
  readonly maxGenerations: number;
  readonly windowMs: number;
}

/** Holds the serving generation in one field: a swap is one assignment. */
export class Generations {
  #current: Generation | undefined;
  /** Oldest first. */
  readonly #draining: Generation[] = [];

  /** The serving generation. An assertion before the first swap. */
  get current(): Generation {
    assert.ok(this.#current !== undefined, 'no generation serves yet');
    return this.#current;
  }

  /** Whether a generation serves. */
  get hasCurrent(): boolean {
    return this.#current !== undefined;
  }

  /** Generations that still serve requests of before, oldest first. */
  get draining(): readonly Generation[] {
    return this.#draining;
  }

  /** From here on `next` serves. The one before drains. */
  swap(next: Generation, bounds: DrainBounds): void {
    const previous = this.#current;
    this.#current = next;
    if (previous === undefined) return;
    this.#retire(previous, bounds.deadlineMs);
    // Not at once: calls in flight must survive any number of quick edits.
    const surplus = Math.max(0, this.#draining.length + 1 - bounds.maxGenerations);
    for (const oldest of this.#draining.slice(0, surplus)) void oldest.retire(bounds.windowMs);
  }

  /** Ends all: requests in flight may finish within `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    const alive = [...this.#draining, ...(this.#current === undefined ? [] : [this.#current])];
    await Promise.all(alive.map((generation) => generation.retire(deadlineMs)));
  }

  #retire(generation: Generation, deadlineMs: number): void {
    this.#draining.push(generation);
    void generation.retire(deadlineMs).then(() => {
      const index = this.#draining.indexOf(generation);
      if (index >= 0) this.#draining.splice(index, 1);
      generation.letGo();
    });
  }
}
