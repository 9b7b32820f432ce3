/** One request of a client on its way to an upstream: what every step of it reads. */
import type { CallFacts } from '../../schema/decision.ts';
import type { Era } from '../../schema/graph/upstream.ts';
import type { Exchange } from '../listen/exchange.ts';
import type { Cancel, Link } from '../upstream/link.ts';
import type { ClientReply } from './client-reply.ts';
import type { Message } from './message.ts';
import type { Method } from './method.ts';
import type { PreparedServer } from './server.ts';
import type { View } from './view.ts';

/** Who is at the other end, besides the principal. */
export interface ClientInfo {
  readonly era: Era;
  readonly name: string;
  readonly version: string;
  /** JSON text of clientInfo as upstreams are told it. */
  readonly infoText: string;
  /** The log level in force: of this request (modern) or of the session (legacy). */
  readonly logLevel: string | undefined;
}

export interface Call {
  readonly exchange: Exchange;
  readonly server: PreparedServer;
  readonly message: Message;
  readonly method: Method;
  /** JSON text of the request's id. */
  readonly idText: string;
  readonly client: ClientInfo;
  readonly view: View;
  readonly reply: ClientReply;
  /** Takes a request of a legacy upstream to the client; absent where none can be. */
  readonly askClient: AskClient | undefined;
  /** Told how to take the call back, as soon as it is under way. */
  onCancellable(cancel: Cancel): void;
}

/** Hands an upstream's request to the client. False: the client cannot have it, refuse it. */
export type AskClient = (link: Link, text: string) => boolean;

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** The facts that do not depend on the target. */
export const callFacts = (call: Call, name: string, args: unknown): CallFacts => {
  const { exchange, client, message, server } = call;
  return {
    principal: exchange.principal,
    client: {
      address: exchange.clientAddress,
      userAgent: String(exchange.request.headers['user-agent'] ?? ''),
      name: client.name,
      version: client.version,
      era: client.era,
    },
    server: { name: server.node.name },
    call: { method: message.method, name, id: call.idText },
    args,
    request: {
      headers: server.policies.readsHeaders ? plainHeaders(exchange) : NO_HEADERS,
      listener: exchange.listener,
      path: exchange.path,
    },
    nowMs: Date.now(),
  };
};

const plainHeaders = (exchange: Exchange): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(exchange.request.headers)) {
    if (name === 'authorization' || name === 'cookie' || name.startsWith(':')) continue;
    headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  }
  return headers;
};
