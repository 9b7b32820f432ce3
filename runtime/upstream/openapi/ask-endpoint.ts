/** Asks an API whether it is there. */
import { type Failure, isNotTried } from '../failure.ts';
import type { AskEndpoint } from '../health-checks.ts';
import { isOutage } from '../status.ts';
import type { ApiEndpoint } from './api-endpoint.ts';
import { ApiExchange, type ApiExchangeTarget } from './api-exchange.ts';

/** An answer to a check is not read beyond this. */
const MAX_ANSWER_BYTES = 64 * 1024;

class Check implements ApiExchangeTarget {
  readonly #isThere: (status: number) => boolean;
  readonly #told: (there: boolean | undefined) => void;

  constructor(isThere: (status: number) => boolean, told: (there: boolean | undefined) => void) {
    this.#isThere = isThere;
    this.#told = told;
  }

  onHead(status: number): void {
    this.#told(this.#isThere(status));
  }

  onReply(): void {}

  onBroken(failure: Failure): void {
    this.#told(isNotTried(failure) ? undefined : false);
  }
}

const isSound = (status: number): boolean => status < 400;

const isAnswer = (status: number): boolean => !isOutage(status);

/** Asks for `path`, or where there is none for the base URL, of which only is wanted that something answers. */
export const askFor =
  (path: string | undefined): AskEndpoint<ApiEndpoint> =>
  (endpoint, told) => {
    const check = new Check(path === undefined ? isAnswer : isSound, told);
    const exchange = new ApiExchange(check, MAX_ANSWER_BYTES);
    endpoint.check(path === undefined ? 'HEAD' : 'GET', path ?? '', exchange);
    return exchange;
  };
