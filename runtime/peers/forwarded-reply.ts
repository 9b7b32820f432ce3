/** The reply of a peer on its way to the client. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { HOP_BY_HOP } from '../hop-by-hop.ts';
import type { WebExchange } from '../listen/exchange.ts';
import { breakOff, Outflow } from '../listen/outflow.ts';
import { HANDED_OVER } from './peers.ts';

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
  readonly #onFailure: (error: Error) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #outflow: Outflow | undefined;
  #over = false;

  /** @param onFailure the peer did not answer: nothing was written */
  constructor(exchange: WebExchange, onFailure: (error: Error) => void) {
    this.#exchange = exchange;
    this.#onFailure = onFailure;
    exchange.record.outcome = HANDED_OVER;
    exchange.onAbort = () => this.#abort();
    if (exchange.request.method === 'GET') exchange.lifecycle.closers.add(this.#onClosing);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error('the client is gone'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#over || status < 200) return;
    const { response } = this.#exchange;
    if (this.#exchange.lifecycle.closing) response.keepAlive = false;
    response.writeHead(status, endToEnd(flatten(headers), new Set()));
    response.flushHeaders();
    this.#outflow = new Outflow(this.#exchange, {
      onDrain: () => this.#controller?.resume(),
      onGone: () => this.#abort(),
    });
    if (this.#exchange.lifecycle.closing && this.#exchange.request.method === 'GET') this.#onClosing();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over && this.#outflow?.write(chunk) === false) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#over) return;
    this.#finish();
    this.#outflow?.release();
    this.#exchange.response.end();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return;
    this.#finish();
    this.#exchange.onAbort = undefined;
    if (this.#outflow === undefined) {
      this.#exchange.record.outcome = '';
      this.#onFailure(error);
      return;
    }
    this.#outflow.release();
    breakOff(this.#exchange);
  }

  /** A stream that lasts would hold up the end of this one, which is not its owner: its client comes back elsewhere. */
  readonly #onClosing = (): void => {
    if (this.#over || this.#outflow === undefined) return;
    this.#outflow.release();
    this.#exchange.response.end();
    this.#abort();
  };

  #finish(): void {
    this.#over = true;
    this.#exchange.lifecycle.closers.delete(this.#onClosing);
  }

  #abort(): void {
    if (this.#over) return;
    this.#finish();
    this.#controller?.abort(new Error('the client is gone'));
  }
}
