/** The reply of a peer on its way to the client. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { WebExchange } from '../listen/exchange.ts';
import { breakOff, Outflow } from '../listen/outflow.ts';
import { HANDED_OVER } from './peers.ts';

/** Headers of one connection (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Flat headers without those of one connection; pseudo-headers of HTTP/2 are none. */
export const endToEnd = (flat: readonly string[], without: ReadonlySet<string>): string[] => {
  const kept: string[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    const name = flat[at]!.toLowerCase();
    if (!name.startsWith(':') && !HOP_BY_HOP.has(name) && !without.has(name)) kept.push(name, flat[at + 1]!);
  }
  return kept;
};

const flatten = (headers: IncomingHttpHeaders): string[] =>
  Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().flatMap((each) => [name, each]));

/** A dispatch handler that writes what comes to the client, no faster than it reads. */
export class ForwardedReply implements Dispatcher.DispatchHandler {
  readonly #exchange: WebExchange;
  readonly #onGone: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #outflow: Outflow | undefined;
  #over = false;

  /** @param onGone the peer is not there: nothing was written */
  constructor(exchange: WebExchange, onGone: () => void) {
    this.#exchange = exchange;
    this.#onGone = onGone;
    exchange.onAbort = () => this.#abort();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error('the client is gone'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#over || status < 200) return;
    const response = this.#exchange.response as ServerResponse;
    this.#exchange.record.outcome = HANDED_OVER;
    if (this.#exchange.lifecycle.closing) response.shouldKeepAlive = false;
    response.writeHead(status, endToEnd(flatten(headers), new Set()));
    response.flushHeaders?.();
    this.#outflow = new Outflow(this.#exchange, {
      onDrain: () => this.#controller?.resume(),
      onGone: () => this.#abort(),
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over && this.#outflow?.write(chunk) === false) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#over) return;
    this.#over = true;
    this.#outflow?.release();
    this.#exchange.response.end();
  }

  onResponseError(): void {
    if (this.#over) return;
    this.#over = true;
    this.#exchange.onAbort = undefined;
    if (this.#outflow === undefined) {
      this.#onGone();
      return;
    }
    this.#outflow.release();
    breakOff(this.#exchange);
  }

  #abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller?.abort(new Error('the client is gone'));
  }
}
