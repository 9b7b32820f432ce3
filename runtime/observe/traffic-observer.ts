import type { Exchange } from '../listen/exchange.ts';
import type { ConnectionRefusal, ListenerObserver } from '../listen/observer.ts';
import { HANDED_OVER } from '../peers/peers.ts';
import type { AccessLog } from './access-log.ts';
import { FailureLog } from './failure-log.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Hands what listeners see to metrics, access log and log. */
export class TrafficObserver implements ListenerObserver {
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #failures: FailureLog;
  /** Undefined while `telemetry.log.access` is off. */
  accessLog: AccessLog | undefined;

  constructor(metrics: Metrics, log: Log, accessLog?: AccessLog) {
    this.#metrics = metrics;
    this.#log = log;
    this.#failures = new FailureLog(log);
    this.accessLog = accessLog;
  }

  connectionOpened(listener: string): void {
    this.#metrics.connectionOpened(listener);
  }

  connectionClosed(listener: string): void {
    this.#metrics.connectionClosed(listener);
  }

  connectionRefused(listener: string, reason: ConnectionRefusal): void {
    this.#metrics.connectionRefused(listener, reason);
  }

  badRequest(listener: string, status: number): void {
    this.#metrics.badRequest(listener, status);
  }

  exchangeStarted(exchange: Exchange): void {
    this.#metrics.exchangeStarted(exchange);
  }

  exchangeFinished(exchange: Exchange, status: number, durationMs: number): void {
    if (exchange.record.outcome === HANDED_OVER) {
      this.#metrics.exchangeHandedOver(exchange);
      return;
    }
    this.#metrics.exchangeFinished(exchange, status, durationMs);
    this.accessLog?.write(exchange, status, durationMs);
    const { record } = exchange;
    if (record.cause === undefined) return;
    const { correlationId, listener } = exchange;
    const { server, upstream, outcome, cause } = record;
    const failed = { correlationId, listener, server, upstream, outcome, cause };
    if (outcome !== 'internal' && status >= 400 && status < 500) this.#log.debug('request failed', failed);
    else this.#failures.write(outcome === 'internal' ? 'error' : 'warn', failed);
  }

  /** Tells what is still to be told. */
  close(): void {
    this.#failures.flush();
  }

  listenerFailed(listener: string, error: Error): void {
    this.#log.error('listener failed', { listener, error });
  }
}
