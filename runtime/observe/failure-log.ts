import type { Log, LogLevel } from './log.ts';

/** Each second so many requests that fail alike have a line of their own. */
const OWN_LINES = 10;
const WINDOW_MS = 1_000;

/** What is told of a request that failed. */
export interface FailedRequest {
  readonly correlationId: string;
  readonly listener: string;
  readonly server: string | undefined;
  readonly upstream: string | undefined;
  readonly outcome: string;
  readonly cause: unknown;
}

/** Requests of one server and upstream that ended with one outcome. */
interface Alike {
  readonly level: LogLevel;
  lines: number;
  /** Those without a line, and the last of them. */
  untold: number;
  last: FailedRequest;
}

/**
 * Tells of requests that failed. While an upstream is down that is each of its calls: those beyond a few a second are
 * counted, and told together. What is held is bounded by compiled names and outcomes.
 */
export class FailureLog {
  readonly #log: Log;
  readonly #alike = new Map<string, Alike>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  write(level: LogLevel, request: FailedRequest): void {
    const key = `${level} ${request.server} ${request.upstream} ${request.outcome}`;
    let alike = this.#alike.get(key);
    if (alike === undefined) {
      alike = { level, lines: 0, untold: 0, last: request };
      this.#alike.set(key, alike);
      this.#timer ??= setTimeout(() => this.flush(), WINDOW_MS).unref();
    }
    if (alike.lines < OWN_LINES) {
      alike.lines += 1;
      this.#log[level]('request failed', { ...request });
    } else {
      alike.untold += 1;
      alike.last = request;
    }
  }

  /** Tells of those that have been counted, by the example of the last. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { level, untold, last } of this.#alike.values())
      if (untold > 0) this.#log[level]('more requests failed alike', { ...last, count: untold });
    this.#alike.clear();
  }
}
