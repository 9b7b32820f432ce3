/** All callers at once, until they are told to stop. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Call, Caller, World } from './caller.ts';
import { LEGACY_CALLERS } from './legacy-callers.ts';
import { LISTENING_CALLERS } from './listening-callers.ts';
import { MODERN_CALLERS } from './modern-callers.ts';
import { type Outcome, outcomeOfThrown } from './outcome.ts';
import type { Tally } from './tally.ts';

export const CALLERS: readonly Caller[] = [...MODERN_CALLERS, ...LEGACY_CALLERS, ...LISTENING_CALLERS];

/** After a failure nobody calls again at once. */
const FAILED_PAUSE_MS = 100;

export class Crowd {
  readonly #tally: Tally;
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(world: World, tally: Tally) {
    this.#tally = tally;
    this.#loops = CALLERS.flatMap((caller) =>
      Array.from({ length: caller.count }, () => this.#loop(caller, caller.open(world), world)),
    );
  }

  /** Resolves once every call has come to its end and what was kept is given back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #loop(caller: Caller, call: Call, { random }: World): Promise<void> {
    while (!this.#stopped) {
      const startedMs = performance.now();
      const outcome: Outcome = await call.run().catch(outcomeOfThrown);
      this.#tally.note(caller, outcome, startedMs);
      const isFine = outcome.kind === 'answered';
      await delay(random() * caller.pauseMs + (isFine ? 0 : FAILED_PAUSE_MS));
    }
    await call.close?.();
  }
}

/** One call of each kind after the other, each until it is answered or has had its time. Those that were not answered. */
export const unanswered = async (world: World, withinMs: number): Promise<readonly string[]> => {
  const missing: string[] = [];
  for (const { name, open } of CALLERS) {
    const call = open(world);
    const deadlineMs = performance.now() + withinMs;
    let outcome: Outcome;
    do {
      outcome = await call.run().catch(outcomeOfThrown);
      if (outcome.kind !== 'answered') await delay(FAILED_PAUSE_MS);
    } while (outcome.kind !== 'answered' && performance.now() < deadlineMs);
    await call.close?.();
    if (outcome.kind !== 'answered') missing.push(`${name}: ${JSON.stringify(outcome)}`);
  }
  return missing;
};
