/** The front door of a server at one place: who is calling, which era, and then the era's own way. */
import type { Principal } from '../../schema/principal.ts';
import { asGatewayError, GatewayError, RPC } from '../errors.ts';
import type { Handler } from '../generation.ts';
import { isJsonContentType, readBody } from '../listen/body.ts';
import type { WebExchange } from '../listen/exchange.ts';
import { replyEmpty, replyError } from '../listen/reply.ts';
import { classify } from './classify.ts';
import { closingRefusal } from './closing.ts';
import { handOver } from './hand-over.ts';
import { parkedElsewhere } from './input/retry.ts';
import { serveBatch } from './legacy/batch.ts';
import { serveLegacy, serveSessionOperation } from './legacy/serve-legacy.ts';
import { isRefused, type Message, notJson, parseJson, readMessage, tooMuch } from './message.ts';
import { ModernReply } from './modern/modern-reply.ts';
import { serveModern } from './modern/serve-modern.ts';
import type { Place } from './server.ts';

/**
 * Serves the MCP endpoint of `place`. A caller is identified before a byte of its body is read, so that nobody
 * unidentified makes the gateway buffer or parse anything.
 */
export const serveMcp =
  (place: Place): Handler =>
  (exchange) => {
    exchange.record.server = place.server.node.name;
    place.authenticate(exchange, Date.now(), (outcome) => identified(place, exchange, outcome));
  };

const identified = (place: Place, exchange: WebExchange, outcome: Principal | GatewayError): void => {
  if (outcome instanceof GatewayError) {
    replyError(exchange, outcome);
    return;
  }
  exchange.principal = outcome;
  exchange.record.identifiedMs = performance.now();
  if (exchange.request.method !== 'POST') {
    const closing = exchange.request.method === 'GET' ? closingRefusal(exchange) : undefined;
    if (closing === undefined)
      whereItLives(place, exchange, undefined, () => serveSessionOperation(place, exchange));
    else replyError(exchange, closing);
    return;
  }
  const refused = headersFault(exchange);
  if (refused !== undefined) {
    replyError(exchange, refused);
    return;
  }
  readBody(
    exchange,
    place.maxBodyBytes,
    (text) => whereItLives(place, exchange, text, () => guarded(place, exchange, text)),
    (error) => replyError(exchange, error),
  );
};

/** A request of a session that a peer holds is served there, any other here. */
const whereItLives = (
  { server }: Place,
  exchange: WebExchange,
  body: string | undefined,
  serveHere: () => void,
): void => {
  const id = server.peers === undefined ? undefined : exchange.request.headers['mcp-session-id'];
  const owner =
    typeof id === 'string' ? server.sessions.ownerElsewhere(id, exchange.principal, server) : undefined;
  if (owner === undefined) serveHere();
  else handOver(server, exchange, owner, body, serveHere);
};

const headersFault = (exchange: WebExchange): GatewayError | undefined => {
  const { accept, 'content-type': contentType } = exchange.request.headers;
  if (!isJsonContentType(contentType))
    return new GatewayError('unsupported_media_type', 'content-type must be application/json', {
      status: 415,
      rpcCode: RPC.invalidRequest,
    });
  if (accept === undefined || accept.includes('*/*')) return undefined;
  if (accept.includes('application/json') && accept.includes('text/event-stream')) return undefined;
  return new GatewayError('not_acceptable', 'accept must admit application/json and text/event-stream', {
    status: 406,
    rpcCode: RPC.invalidRequest,
  });
};

/** A failure of our own must not take the process down, nor leave the caller waiting. */
const guarded = (place: Place, exchange: WebExchange, text: string): void => {
  try {
    servePost(place, exchange, text);
  } catch (thrown) {
    replyError(exchange, asGatewayError(thrown));
  }
};

const servePost = (place: Place, exchange: WebExchange, text: string): void => {
  const refused = tooMuch(text, place.json);
  if (refused !== undefined) throw refused;
  const value = parseJson(text);
  const { shedding } = exchange.lifecycle;
  if (Array.isArray(value)) {
    if (shedding.sheds) throw shedding.refusal();
    serveBatch(place, exchange, text, value);
    return;
  }
  const message = value === undefined ? notJson() : readMessage(text, value, place.json.depth);
  if (isRefused(message)) {
    replyError(exchange, message.error, message.idText);
    return;
  }
  if (shedding.sheds && message.kind === 'request') {
    replyError(exchange, shedding.refusal(), message.idText);
    return;
  }
  const { modernVersions, extensionMethods } = place.server;
  const classified = classify(message, exchange.request.headers, modernVersions, extensionMethods);
  if (classified instanceof GatewayError) replyError(exchange, classified, message.idText);
  else if (classified.era === 'legacy') serveLegacy(place, exchange, message);
  else if (message.kind === 'request') serveWhereParked(place, exchange, message);
  else {
    exchange.record.outcome = 'ok';
    replyEmpty(exchange, 202);
  }
};

/** A request that goes on with a call that is open at a peer is served there, any other here. */
const serveWhereParked = (place: Place, exchange: WebExchange, message: Message): void => {
  const serveHere = (): void =>
    serveModern(place, exchange, message, new ModernReply(exchange, message.idText!));
  const owner = parkedElsewhere(place.server, exchange, message);
  if (owner === undefined) serveHere();
  else handOver(place.server, exchange, owner, message.text, serveHere);
};
