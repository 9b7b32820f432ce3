/** Asks an MCP endpoint whether it is there. */
import type { ReplyHeaders } from '../client/reply-head.ts';
import { discoverRequest } from '../discovery.ts';
import { type Failure, isNotTried } from '../failure.ts';
import type { AskEndpoint } from '../health-checks.ts';
import { isOutage } from '../status.ts';
import type { HttpEndpoint } from './endpoint.ts';
import { type ExchangeTarget, HttpExchange } from './exchange.ts';
import { modernHeaders } from './modern-link.ts';

/** An answer to a check is not read beyond this. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Whatever answers is there, a server of the other era and one that wants credentials of a caller included. */
class Check implements ExchangeTarget {
  readonly #told: (there: boolean | undefined) => void;

  constructor(told: (there: boolean | undefined) => void) {
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
    this.#told(isNotTried(failure) ? undefined : failure.condition !== 'connect-error');
  }
}

/** `server/discover` changes nothing and wants no session. */
export const askEndpoint: AskEndpoint<HttpEndpoint> = (endpoint, told) => {
  const exchange = new HttpExchange(new Check(told), MAX_ANSWER_BYTES);
  const body = discoverRequest(0, endpoint.traffic.context.gateway);
  const headers = [...modernHeaders(endpoint), 'mcp-method', 'server/discover'];
  endpoint.check(headers, body, exchange);
  return exchange;
};
