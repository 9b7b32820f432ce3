/** Where the answer to one client request goes, whatever era and transport the client speaks. */
import type { GatewayError } from '../errors.ts';
import type { ResponseWriter } from '../listen/response-writer.ts';

/** After `response` or `error` nothing more is accepted. */
export interface ClientReply {
  /** Header names and values, flat, for the head of the answer: rate limits. Set before anything is sent. */
  headers: readonly string[];
  /** The answer will be a stream. */
  stream(): void;
  /** The upstream closed its stream for the client to come back later (SSE polling). */
  suspend(): void;
  /** A notification or, legacy only, a request, as JSON text. */
  message(text: string): void;
  /** The whole JSON-RPC response, with the client's id. */
  response(text: string, status?: number): void;
  /**
   * The same with the end of the response as UTF-8 bytes, which are sent as they are: they may be kept and sent again.
   * No such method: it takes text only.
   */
  keptResponse?(start: string, end: Uint8Array): void;
  error(error: GatewayError): void;
  /**
   * Takes the response in pieces, with the client's id. From its first piece on neither `response` nor `error` may
   * follow. Undefined, or no such method: the response has to come whole.
   */
  large?(): ResponseWriter | undefined;
  /** The reply is a stream that is to last: what only its request needs is not held any more. */
  lasts?(): void;
  /** The client took its request back: the reply ends without an answer. */
  abandon(): void;
}

/** A response that the gateway makes itself. */
export const resultText = (idText: string, resultJson: string): string =>
  `{"jsonrpc":"2.0","id":${idText},"result":${resultJson}}`;
