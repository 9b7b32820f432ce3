import type { WebExchange } from './exchange.ts';
import { replyEmpty, replyText } from './reply.ts';

/** A fixed text that a listener answers GET and HEAD with (RFC 8615, RFC 9116, RFC 9309, RFC 9728). */
export interface WellKnownDocument {
  readonly contentType: string;
  readonly text: string;
}

/** `documents` by path, each with the media type that its path implies. */
export const prepareDocuments = (
  documents: Readonly<Record<string, string>>,
): ReadonlyMap<string, WellKnownDocument> =>
  new Map(
    Object.entries(documents).map(([path, text]) => [
      path,
      { text, contentType: path.endsWith('.txt') ? 'text/plain; charset=utf-8' : 'application/json' },
    ]),
  );

const ALLOW = ['allow', 'GET, HEAD'];

/** Answers with the document, or 405. */
export const serveDocument = (exchange: WebExchange, document: WellKnownDocument): void => {
  const { method } = exchange.request;
  if (method === 'GET' || method === 'HEAD') replyText(exchange, 200, document.contentType, document.text);
  else replyEmpty(exchange, 405, ALLOW);
};
