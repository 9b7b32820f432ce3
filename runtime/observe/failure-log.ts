import { AlikeEvents } from '../alike-events.ts';
import type { Log, LogLevel } from './log.ts';

/** What is told of a request that failed. */
export interface FailedRequest {
  readonly correlationId: string;
  readonly listener: string;
  readonly server: string | undefined;
  readonly upstream: string | undefined;
  readonly outcome: string;
  readonly cause: unknown;
}

interface Failure {
  readonly level: LogLevel;
  readonly request: FailedRequest;
}

/**
 * Tells of requests that failed. While an upstream is down that is each of its calls: those of one server and upstream
 * with one outcome, beyond a few a second, are counted, and told together by the example of the last.
 */
export class FailureLog {
  readonly #failures: AlikeEvents<Failure>;

  constructor(log: Log) {
    this.#failures = new AlikeEvents<Failure>({
      one: ({ level, request }) => log[level]('request failed', { ...request }),
      more: ({ level, request }, count) => log[level]('more requests failed alike', { ...request, count }),
    });
  }

  write(level: LogLevel, request: FailedRequest): void {
    const key = `${level} ${request.server} ${request.upstream} ${request.outcome}`;
    this.#failures.note(key, { level, request });
  }

  flush(): void {
    this.#failures.flush();
  }
}
