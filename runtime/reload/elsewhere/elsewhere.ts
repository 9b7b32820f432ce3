/** A configuration that comes from elsewhere: fetched when it is asked for and in between, its outages told once. */
import type { Trust } from '../compile.ts';
import type { Address } from './address.ts';
import { GitSource } from './git-source.ts';
import { HttpSource } from './http-source.ts';
import { OciSource } from './oci-source.ts';
import type { Fetched, Source } from './source.ts';

/** Where it comes from, and how it is asked. */
export interface ElsewhereOptions {
  readonly address: Address;
  /** As people call it. */
  readonly name: string;
  readonly pollMs: number;
  /** Absolute; what paths of references are relative to. */
  readonly baseDirectory: string;
}

/** What is told of it while it runs. */
interface ElsewhereEvents {
  /** Something else is there than what was fetched before. */
  readonly onChange: () => void;
  /** An outage begins: told once. */
  readonly onAway: (problem: string) => void;
  /** It is over. */
  readonly onBack: (failures: number) => void;
  /** What serves now was published before what served until now. */
  readonly onOlder: (publishedAtMs: number, servedAtMs: number) => void;
  /** Of every attempt to fetch. */
  readonly onFetch: (outcome: FetchOutcome, atMs: number) => void;
  /** Whether to look without being asked. */
  readonly isPolled: () => boolean;
}

export type FetchOutcome = 'changed' | 'unchanged' | 'failed';

/** For the status. */
export interface SourceState {
  readonly from: string;
  readonly condition: 'reached' | 'away';
  /** ISO 8601; when it was last reached. */
  readonly reachedAt: string | undefined;
  /** Of what was fetched last. */
  readonly revision: string | undefined;
  /** ISO 8601; of what serves, as far as the source tells. */
  readonly publishedAt: string | undefined;
  /** What serves was published before what was served before it. */
  readonly isOlder: boolean;
  /** Attempts in a row that failed, and why the last one did. */
  readonly failures: number;
  readonly problem: string | undefined;
}

const MIN_TIMEOUT_MS = 1_000;
const MAX_TIMEOUT_MS = 10_000;

/** The longest wait between two attempts while the source is away, unless it is polled more seldom anyway. */
const MAX_BACKOFF_MS = 300_000;

/** Gateways that were started together do not ask together for long. */
const JITTER = 0.1;

const sourceAt = (address: Address, trust: Trust | undefined): Source => {
  switch (address.kind) {
    case 'http':
      return new HttpSource(address, trust ?? []);
    case 'oci':
      return new OciSource(address);
    case 'git':
      return new GitSource(address);
  }
};

const reasonOf = (error: unknown, timeoutMs: number): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError' || (error.cause instanceof Error && error.cause.name === 'TimeoutError'))
    return `no whole answer within ${timeoutMs} ms`;
  const { code } = error as NodeJS.ErrnoException;
  return (error.message || code || error.name).trim();
};

const isoOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();

export class Elsewhere {
  readonly #options: ElsewhereOptions;
  readonly #events: ElsewhereEvents;
  readonly #source: Source;
  readonly #closing = new AbortController();
  #current: Fetched | undefined;
  #served: Fetched | undefined;
  #isOlder = false;
  #reachedAtMs: number | undefined;
  #failures = 0;
  #problem: string | undefined;
  #fetching: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ElsewhereOptions, trust: Trust | undefined, events: ElsewhereEvents) {
    this.#options = options;
    this.#events = events;
    this.#source = sourceAt(options.address, trust);
  }

  get baseDirectory(): string {
    return this.#options.baseDirectory;
  }

  /** What was fetched last. */
  get current(): Fetched | undefined {
    return this.#current;
  }

  get state(): SourceState {
    return {
      from: this.#options.name,
      condition: this.#failures === 0 ? 'reached' : 'away',
      reachedAt: isoOf(this.#reachedAtMs),
      revision: this.#current?.revision,
      publishedAt: isoOf(this.#served?.publishedAtMs),
      isOlder: this.#isOlder,
      failures: this.#failures,
      problem: this.#problem,
    };
  }

  /** What is there now; waits for its turn. Rejects with an Error for people if it cannot be had. */
  fetch(): Promise<Fetched> {
    const fetching = this.#fetching.then(() => this.#fetch());
    this.#fetching = fetching.catch(() => undefined);
    return fetching;
  }

  /** Tells that this serves now. */
  served(fetched: Fetched): void {
    const [before, now] = [this.#served?.publishedAtMs, fetched.publishedAtMs];
    this.#served = fetched;
    this.#isOlder = before !== undefined && now !== undefined && now < before;
    if (this.#isOlder) this.#events.onOlder(now!, before!);
  }

  /** Looks again and again from now on. */
  start(): void {
    if (this.#closing.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#poll(), this.#delayMs()).unref();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#fetching;
    await this.#source.close();
  }

  async #poll(): Promise<void> {
    if (this.#events.isPolled()) {
      const before = this.#current;
      const now = await this.fetch().catch(() => undefined);
      if (now !== undefined && now !== before && !this.#closing.signal.aborted) this.#events.onChange();
    }
    this.start();
  }

  #delayMs(): number {
    const { pollMs } = this.#options;
    const backoffMs = Math.min(pollMs * 2 ** this.#failures, Math.max(pollMs, MAX_BACKOFF_MS));
    return backoffMs * (1 - JITTER + 2 * JITTER * Math.random());
  }

  async #fetch(): Promise<Fetched> {
    const { name, pollMs } = this.#options;
    const timeoutMs = Math.min(Math.max(pollMs, MIN_TIMEOUT_MS), MAX_TIMEOUT_MS);
    const closing = this.#closing.signal;
    try {
      const fetched = await this.#source.fetch(AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]));
      this.#reached(fetched);
      return fetched;
    } catch (cause) {
      const problem = reasonOf(cause, timeoutMs);
      if (!closing.aborted) this.#missed(problem);
      throw new Error(`${name} cannot be fetched: ${problem}`, { cause });
    }
  }

  #reached(fetched: Fetched): void {
    const failures = this.#failures;
    const isChanged = fetched !== this.#current;
    this.#current = fetched;
    this.#reachedAtMs = Date.now();
    this.#failures = 0;
    this.#problem = undefined;
    this.#events.onFetch(isChanged ? 'changed' : 'unchanged', this.#reachedAtMs);
    if (failures > 0) this.#events.onBack(failures);
  }

  #missed(problem: string): void {
    this.#failures += 1;
    this.#problem = problem;
    this.#events.onFetch('failed', Date.now());
    if (this.#failures === 1) this.#events.onAway(problem);
  }
}
