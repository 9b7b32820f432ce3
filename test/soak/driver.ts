/** Has the faults begin and end as planned. */
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultName } from './fault-names.ts';
import { FAULTS, type Victims } from './faults.ts';
import type { Random } from './random.ts';
import type { Planned } from './schedule.ts';
import type { Spell, Tally } from './tally.ts';

export interface DriverOptions {
  readonly plan: readonly Planned<FaultName>[];
  readonly victims: Victims;
  readonly random: Random;
  readonly tally: Tally;
  readonly lengthMs: number;
}

/** Those who write the file wait for each other. */
const WRITING: readonly FaultName[] = ['reload', 'reload of a broken file', 'reload that cannot be'];

export class Driver {
  /** How often each fault has begun. */
  readonly begun = new Map<FaultName, number>();
  readonly #options: DriverOptions;
  readonly #spells: { readonly fault: FaultName; readonly fromMs: number; toMs: number }[] = [];
  /** A machine that is slow may not be done with one when the next of its kind is due. */
  readonly #last = new Map<FaultName, Promise<void>>();
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  get spells(): readonly Spell[] {
    return this.#spells;
  }

  /** Resolves when the last has ended. */
  async run(): Promise<void> {
    const { plan, random, lengthMs } = this.#options;
    const startedMs = performance.now();
    const until = (atMs: number): Promise<void> => delay(Math.max(0, startedMs + atMs - performance.now()));
    const choices = plan.map(() => random());
    await Promise.all(
      plan.map(async ({ fault, atMs, endMs }, at) => {
        await until(atMs);
        const before = this.#last.get(fault);
        const over = Promise.withResolvers<void>();
        this.#last.set(fault, over.promise);
        await before;
        const spell = { fault, fromMs: performance.now(), toMs: Number.POSITIVE_INFINITY };
        this.#spells.push(spell);
        this.begun.set(fault, (this.begun.get(fault) ?? 0) + 1);
        const { begin, end } = FAULTS[fault];
        await this.#do(fault, (victims) => begin(victims, choices[at]!));
        await until(endMs);
        if (end !== undefined) await this.#do(fault, end);
        spell.toMs = performance.now();
        over.resolve();
      }),
    );
    await until(lengthMs);
  }

  async #do(fault: FaultName, what: (victims: Victims) => void | Promise<void>): Promise<void> {
    const { victims, tally } = this.#options;
    const done = (WRITING.includes(fault) ? this.#writing : Promise.resolve()).then(() => what(victims));
    const settled = done.catch((error: Error) => tally.fail(`${fault}: ${error.message}`));
    if (WRITING.includes(fault)) this.#writing = settled;
    await settled;
  }
}
