/** Asks endpoints from time to time whether they are there. */
import type { EndpointHealth } from '../../traffic/health.ts';
import type { Traffic } from '../call.ts';
import type { ReplyHeaders } from '../client/reply-head.ts';
import { discoverRequest } from '../discovery.ts';
import type { Failure } from '../failure.ts';
import { type HttpEndpoint, isOutage } from './endpoint.ts';
import { type ExchangeTarget, HttpExchange } from './exchange.ts';
import { modernHeaders } from './modern-link.ts';

/** An answer to a check is not read beyond this. */
const MAX_ANSWER_BYTES = 64 * 1024;

interface Checked {
  readonly endpoint: HttpEndpoint;
  readonly health: EndpointHealth;
}

/**
 * One check: `server/discover`, which changes nothing and wants no session. Whatever answers it is there, a server of
 * the other era and one that wants credentials of a caller included.
 */
class Check implements ExchangeTarget {
  readonly #told: (there: boolean) => void;

  constructor(told: (there: boolean) => void) {
    this.#told = told;
  }

  onHead(): void {
    this.#told(true);
  }

  onJson(): void {}

  onEventStream(): void {}

  onEvent(): void {}

  onStreamEnd(): void {}

  onRefusal(status: number, _headers: ReplyHeaders): void {
    this.#told(!isOutage(status));
  }

  onBroken(failure: Failure): void {
    // Something answered, if not as an MCP server does.
    this.#told(failure.counts !== 'connect');
  }
}

export class HealthChecks {
  readonly #traffic: Traffic;
  readonly #timeoutMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #running = new Map<Checked, HttpExchange>();

  /** @param everyMs between two checks of an endpoint; one that takes longer has failed, as has one over `mostMs` */
  constructor(checked: readonly Checked[], everyMs: number, mostMs: number, traffic: Traffic) {
    this.#traffic = traffic;
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
    for (const exchange of this.#running.values()) exchange.abort();
    this.#running.clear();
  }

  #check(checked: Checked): void {
    const { endpoint, health } = checked;
    const told = (there: boolean): void => {
      if (!this.#running.delete(checked)) return;
      clearTimeout(timer);
      exchange.abort();
      if (there) health.succeeded();
      else health.failed();
    };
    const exchange = new HttpExchange(new Check(told), MAX_ANSWER_BYTES);
    const timer = setTimeout(() => told(false), this.#timeoutMs).unref();
    this.#running.set(checked, exchange);
    const body = discoverRequest(0, this.#traffic.context.gateway);
    const headers = [...modernHeaders(endpoint), 'mcp-method', 'server/discover'];
    endpoint.aside('POST', headers, body, exchange);
  }
}
