/** Clients of 2025-11-25 and older: POST within a session, the GET stream, DELETE. */
import { GatewayError, RPC } from '../../errors.ts';
import { startEventStream } from '../../listen/event-stream.ts';
import type { WebExchange } from '../../listen/exchange.ts';
import { replyEmpty, replyError, replyJson } from '../../listen/reply.ts';
import { admittedBy } from '../lasting-callers.ts';
import type { Message } from '../message.ts';
import type { Place, PreparedServer } from '../server.ts';
import { type Greeting, serveInitialize } from './initialize.ts';
import { takeNotification } from './notification.ts';
import type { Session } from './session.ts';
import { idInUse, serveRequest, sessionCall } from './session-call.ts';
import { pollsStreams, SessionReply } from './session-reply.ts';

const unsupportedVersion = (server: PreparedServer, requested: unknown): GatewayError =>
  new GatewayError('unsupported_version', 'this protocol version is not supported', {
    status: 400,
    rpcCode: RPC.unsupportedVersion,
    data: { supported: server.modernVersions, requested: typeof requested === 'string' ? requested : '' },
  });

const sessionNotFound = (cause: string): GatewayError =>
  new GatewayError('session_not_found', 'session not found', {
    status: 404,
    rpcCode: RPC.invalidRequest,
    cause,
  });

const sessionRequired = (): GatewayError =>
  new GatewayError('session_required', 'Mcp-Session-Id is missing', {
    status: 400,
    rpcCode: RPC.invalidRequest,
  });

/** The session that the request names, or why there is none. */
export const sessionOf = (server: PreparedServer, exchange: WebExchange): Session | GatewayError => {
  const id = exchange.request.headers['mcp-session-id'];
  if (typeof id !== 'string') return sessionRequired();
  const version = exchange.request.headers['mcp-protocol-version'];
  if (version !== undefined && !server.legacyVersions.includes(String(version)))
    return new GatewayError('unsupported_version', 'MCP-Protocol-Version is not supported', {
      status: 400,
      rpcCode: RPC.invalidRequest,
    });
  const { sessions, node } = server;
  const session = sessions.find(id, exchange.principal, node.name, exchange.startedMs);
  return session ?? sessionNotFound(sessions.whyMissing(id, exchange.principal, server));
};

const webGreeting = (exchange: WebExchange, idText: string): Greeting => ({
  welcome: ({ id }, text, headers) => replyJson(exchange, 200, text, [...headers, 'mcp-session-id', id]),
  refuse: (error) => void replyError(exchange, error, idText),
});

/** Serves one legacy message that was POSTed. */
export const serveLegacy = (place: Place, exchange: WebExchange, message: Message): void => {
  const { server } = place;
  exchange.record.era = 'legacy';
  exchange.record.method = message.method;
  if (server.legacyVersions.length === 0) {
    replyError(exchange, unsupportedVersion(server, message.params.protocolVersion), message.idText);
    return;
  }
  if (message.method === 'initialize' && message.kind === 'request') {
    serveInitialize(server, exchange, message, server.legacyVersions, webGreeting(exchange, message.idText!));
    return;
  }
  const session = sessionOf(server, exchange);
  if (session instanceof GatewayError) {
    replyError(exchange, session, message.idText);
    return;
  }
  if (message.kind === 'request') {
    const reply = new SessionReply(exchange, session, message.idText!);
    if (!serveRequest(sessionCall(server, exchange, session, message, reply)))
      replyError(exchange, idInUse(), message.idText);
    return;
  }
  exchange.record.outcome = 'ok';
  if (message.kind === 'response') session.asks.answer(message.idText!, message.text);
  else takeNotification(session, message);
  replyEmpty(exchange, 202);
};

/** Serves GET and DELETE; any other method is answered 405. */
export const serveSessionOperation = (place: Place, exchange: WebExchange): void => {
  const { server } = place;
  const { method } = exchange.request;
  if (server.legacyVersions.length === 0 || (method !== 'GET' && method !== 'DELETE')) {
    const allow = server.legacyVersions.length === 0 ? 'POST' : 'GET, POST, DELETE';
    const error = new GatewayError('method_not_allowed', 'method not allowed', {
      status: 405,
      rpcCode: RPC.invalidRequest,
    });
    replyError(exchange, error, undefined, ['allow', allow]);
    return;
  }
  exchange.record.era = 'legacy';
  exchange.record.method = method;
  const session = sessionOf(server, exchange);
  if (session instanceof GatewayError) {
    replyError(exchange, session);
    return;
  }
  if (method === 'DELETE') {
    server.sessions.end(session);
    exchange.record.outcome = 'ok';
    replyEmpty(exchange, 204);
    return;
  }
  openStream(server, exchange, session);
};

/** Whoever reads a stream may be another than who opened its session, and come from elsewhere. */
const judgedAgain = ({ lasting, held, node }: PreparedServer, exchange: WebExchange, expel: () => void) => {
  const reader = { admitted: admittedBy(exchange, node.name, 'place'), expel };
  exchange.response.once('close', () => lasting.remove(reader));
  lasting.add(reader, held.graph);
};

const openStream = (server: PreparedServer, exchange: WebExchange, session: Session): void => {
  const accept = String(exchange.request.headers.accept ?? '');
  if (!accept.includes('text/event-stream') && !accept.includes('*/*')) {
    replyError(
      exchange,
      new GatewayError('not_acceptable', 'accept must admit text/event-stream', {
        status: 406,
        rpcCode: RPC.invalidRequest,
      }),
    );
    return;
  }
  const lastEventId = exchange.request.headers['last-event-id'];
  const resumed = typeof lastEventId === 'string' ? session.streams.find(lastEventId) : undefined;
  if (lastEventId !== undefined && resumed === undefined) {
    replyError(
      exchange,
      new GatewayError('invalid_params', 'unknown event id', { status: 400, rpcCode: RPC.invalidParams }),
    );
    return;
  }
  exchange.record.outcome = 'ok';
  const sink = startEventStream(exchange);
  const stream = resumed?.stream ?? session.streams.standalone;
  if (pollsStreams(session)) sink.prime(resumed === undefined ? stream.lastEventId : String(lastEventId));
  stream.attach(sink, resumed?.sequence);
  sink.expires(exchange.principal.expiresAtMs);
  judgedAgain(server, exchange, () => stream.leave(sink));
  sink.lasts();
};
