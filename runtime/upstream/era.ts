/** Which eras an upstream was found to speak, with a date. */
import type { Era } from '../../schema/graph/upstream.ts';

/** How long a verdict counts before it is sought again: an upgraded server still answers the old way. */
const VERDICT_LIFETIME_MS = 10 * 60 * 1000;

const POSTPONED_MS = 30_000;

interface Verdict {
  readonly spoken: boolean;
  readonly atMs: number;
}

/** Verdicts of one upstream. Only evidence is kept: outages and refused credentials are none. */
export class EraVerdicts {
  readonly #verdicts = new Map<Era, Verdict>();
  readonly #lifetimeMs: number;
  readonly #nowMs: () => number;

  constructor(lifetimeMs = VERDICT_LIFETIME_MS, nowMs: () => number = () => performance.now()) {
    this.#lifetimeMs = lifetimeMs;
    this.#nowMs = nowMs;
  }

  /** Whether `era` is spoken; undefined if nobody knows. */
  spoken(era: Era): boolean | undefined {
    return this.#verdicts.get(era)?.spoken;
  }

  /** Whether it is time to look again. */
  stale(era: Era): boolean {
    const verdict = this.#verdicts.get(era);
    return verdict === undefined || this.#nowMs() - verdict.atMs >= this.#lifetimeMs;
  }

  learn(era: Era, spoken: boolean): void {
    this.#verdicts.set(era, { spoken, atMs: this.#nowMs() });
  }

  /** Looking again failed without evidence: the verdict stands, and is due again soon. */
  postpone(era: Era): void {
    const verdict = this.#verdicts.get(era);
    if (verdict === undefined) return;
    this.#verdicts.set(era, { ...verdict, atMs: this.#nowMs() - this.#lifetimeMs + POSTPONED_MS });
  }

  /** The upstream contradicted what was known. */
  forget(era: Era): void {
    this.#verdicts.delete(era);
  }

  /** The eras known to be spoken. */
  eras(): readonly Era[] {
    return [...this.#verdicts].filter(([, verdict]) => verdict.spoken).map(([era]) => era);
  }
}

export const otherEra = (era: Era): Era => (era === 'modern' ? 'legacy' : 'modern');
