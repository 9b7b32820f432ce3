/** A JSON-RPC response that is sent in pieces. */
import type { WebExchange } from './exchange.ts';
import { Outflow } from './outflow.ts';
import { writeHead } from './reply.ts';

/** Begins with the first `write`. After `end` or `breakOff` nothing more is accepted. */
export interface ResponseWriter {
  /** The client has read what was written. */
  onDrain: () => void;
  /** The client went away, or was cut off for reading nothing for too long. */
  onGone: () => void;
  /**
   * `onWritten` is told, later than this returns, when nobody reads `bytes` any more; never, where that is not known.
   * False: nothing more until `onDrain`.
   */
  write(bytes: Buffer, onWritten?: () => void): boolean;
  /** The response is whole. */
  end(): void;
  /** Ends the reply so that what was sent is not taken for a response. */
  breakOff(): void;
}

const JSON_TYPE = ['content-type', 'application/json'];

/** A reply of status 200 whose body is JSON. */
export class JsonWriter implements ResponseWriter {
  onDrain: () => void = () => undefined;
  onGone: () => void = () => undefined;
  readonly #exchange: WebExchange;
  readonly #headers: readonly string[];
  #outflow: Outflow | undefined;

  /** @param headers flat, names in lower case */
  constructor(exchange: WebExchange, headers: readonly string[]) {
    this.#exchange = exchange;
    this.#headers = headers;
  }

  write(bytes: Buffer, onWritten?: () => void): boolean {
    if (this.#outflow === undefined) {
      if (!writeHead(this.#exchange, 200, [...JSON_TYPE, ...this.#headers])) {
        this.onGone();
        return false;
      }
      this.#outflow = new Outflow(this.#exchange, this);
    }
    return this.#outflow.write(bytes, onWritten);
  }

  end(): void {
    this.#outflow?.release();
    this.#exchange.response.end();
  }

  breakOff(): void {
    this.#outflow?.breakOff();
  }
}
