/** What came of all calls, and which of it is a failure. */
import type { Caller, Excuses } from './caller.ts';
import type { FaultName } from './fault-names.ts';
import type { Outcome } from './outcome.ts';

/** A fault while it lasts; Infinity for one that has not ended. */
export interface Spell {
  readonly fault: FaultName;
  readonly fromMs: number;
  readonly toMs: number;
}

/** How long a fault is felt after its end: connections that break, threads that start. */
const AFTERMATH_MS = 3_000;
const KEPT_FAILURES = 20;

export interface Row {
  readonly name: string;
  answered: number;
  readonly coded: Map<string, number>;
  cut: number;
  failed: number;
}

const explained = (
  outcome: Outcome,
  excuses: Excuses,
  felt: (faults: readonly FaultName[]) => boolean,
): boolean => {
  switch (outcome.kind) {
    case 'answered':
      return true;
    case 'coded':
      return (
        excuses.codes === 'any' || (excuses.codes ?? []).includes(outcome.code) || felt(excuses.during ?? [])
      );
    case 'cut':
      return felt(excuses.during ?? []);
    case 'late':
    case 'wrong':
      return false;
  }
};

export class Tally {
  readonly rows = new Map<string, Row>();
  /** The first failures, told in full. */
  readonly failures: string[] = [];
  readonly #spells: () => readonly Spell[];
  failed = 0;

  constructor(spells: () => readonly Spell[]) {
    this.#spells = spells;
  }

  note({ name, excuses }: Caller, outcome: Outcome, startedMs: number): void {
    const row = this.#row(name);
    if (outcome.kind === 'answered') row.answered += 1;
    if (outcome.kind === 'coded') row.coded.set(outcome.code, (row.coded.get(outcome.code) ?? 0) + 1);
    if (outcome.kind === 'cut') row.cut += 1;
    const endedMs = performance.now();
    const felt = (faults: readonly FaultName[]): boolean =>
      this.#spells().some(
        ({ fault, fromMs, toMs }) =>
          faults.includes(fault) && fromMs <= endedMs && toMs + AFTERMATH_MS >= startedMs,
      );
    if (explained(outcome, excuses, felt)) return;
    row.failed += 1;
    this.fail(`${name}: ${JSON.stringify(outcome)} after ${(endedMs - startedMs).toFixed(0)} ms`);
  }

  fail(what: string): void {
    this.failed += 1;
    if (this.failures.length < KEPT_FAILURES) this.failures.push(`${new Date().toISOString()} ${what}`);
  }

  #row(name: string): Row {
    const known = this.rows.get(name);
    if (known !== undefined) return known;
    const row = { name, answered: 0, coded: new Map(), cut: 0, failed: 0 };
    this.rows.set(name, row);
    return row;
  }
}
