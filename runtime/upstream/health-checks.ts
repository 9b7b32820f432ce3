/** Asks endpoints from time to time whether they are there. */
import type { EndpointHealth } from '../traffic/health.ts';

/**
 * Asks one endpoint, once: `told` is called when it is known, or undefined as it could not be asked, at most once. What
 * is returned takes the question back.
 */
export type AskEndpoint<E> = (endpoint: E, told: (there: boolean | undefined) => void) => { abort(): void };

interface Checked<E> {
  readonly endpoint: E;
  readonly health: EndpointHealth;
}

export class HealthChecks<E> {
  readonly #ask: AskEndpoint<E>;
  readonly #timeoutMs: number;
  readonly #timer: NodeJS.Timeout;
  /** How to end each. */
  readonly #running = new Map<Checked<E>, () => void>();

  /** @param everyMs between two checks of an endpoint; one that takes longer has failed, as has one over `mostMs` */
  constructor(checked: readonly Checked<E>[], everyMs: number, mostMs: number, ask: AskEndpoint<E>) {
    this.#ask = ask;
    this.#timeoutMs = Math.min(everyMs, mostMs);
    this.#timer = setInterval(() => {
      for (const each of checked) {
        each.health.look();
        if (!this.#running.has(each)) this.#check(each);
      }
    }, everyMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const end of this.#running.values()) end();
    this.#running.clear();
  }

  #check(checked: Checked<E>): void {
    let asked: { abort(): void } | undefined;
    const end = (): void => {
      clearTimeout(timer);
      asked?.abort();
    };
    const told = (there: boolean | undefined): void => {
      if (!this.#running.delete(checked)) return;
      end();
      if (there === true) checked.health.succeeded();
      else if (there === false) checked.health.failed();
    };
    const timer = setTimeout(() => told(false), this.#timeoutMs).unref();
    this.#running.set(checked, end);
    asked = this.#ask(checked.endpoint, told);
  }
}
