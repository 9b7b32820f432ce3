/** One request of a client on its way to an upstream: what every step of it reads. */
import type { CallFacts } from '../../schema/decision.ts';
import type { Era } from '../../schema/graph/upstream.ts';
import { asGatewayError } from '../errors.ts';
import type { Exchange } from '../listen/exchange.ts';
import type { Cancel, Link } from '../upstream/link.ts';
import type { Message as UpstreamMessage } from '../upstream/message.ts';
import type { ClientReply } from './client-reply.ts';
import type { Message } from './message.ts';
import type { Method } from './method.ts';
import type { UpstreamResponse } from './response.ts';
import type { PreparedServer } from './server.ts';
import type { SessionTasks } from './task/session-tasks.ts';
import type { View } from './view.ts';

/** Who is at the other end, besides the principal. */
export interface ClientInfo {
  readonly era: Era;
  /** The revision that it speaks. */
  readonly revision: string;
  readonly name: string;
  readonly version: string;
  /** JSON text of clientInfo as upstreams are told it. */
  readonly infoText: string;
  /** JSON text of its capabilities in their modern form, under the server's ceiling. */
  readonly capabilitiesText: string;
  /** The log level in force: of this request (modern) or of the session (legacy). */
  readonly logLevel: string | undefined;
}

/** A modern upstream's answer that asks for input before there can be a result. */
export interface InputRequired {
  readonly response: UpstreamResponse;
  readonly upstream: string;
  /** How many times it has asked for this call, this time included. */
  readonly round: number;
  /** Makes the call again, with this message. */
  retry(message: Message): void;
}

/** Who can ask the client on its call's stream, as legacy clients are asked. */
export interface InputSource {
  /** Asks for what is required and makes the call again, or answers it. Throws a GatewayError for a wrong response. */
  requireInput(call: Call, required: InputRequired): void;
}

/** Stops the clock of a call while its client is asked, and lets it go on. */
export type Pause = (paused: boolean) => void;

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
  /** How long it has waited for what it needs of upstreams since it was last sent: conversations, lists. Absent: not at all. */
  preparingMs?: number;
  /** Absent where the client is told by the answer itself, as modern ones are. */
  readonly input?: InputSource;
  /** How often its upstream has sent the caller to URLs for it; absent: never. */
  readonly urlRounds?: number;
  /**
   * Takes what an upstream sends on the call's stream besides progress and log messages: requests, which are
   * handed to the client or refused, and notifications that belong to no request.
   */
  besides(link: Link, text: string, message: UpstreamMessage): void;
  /** Told how to take the call back, as soon as it is under way. */
  onCancellable(cancel: Cancel, pause?: Pause): void;
  /** Whether somebody still waits for an answer: the client may have gone, or taken the request back. */
  isWanted(): boolean;
  /** The tasks of its session, where it has one that knows tasks. */
  readonly tasks?: SessionTasks | undefined;
}

/** Goes on with a call when `pending` has settled; whatever fails on the way is answered. */
export const later = <T>(
  call: Pick<Call, 'reply'>,
  pending: Promise<T>,
  next: (value: T) => unknown,
): void => {
  pending.then(next).catch((thrown: unknown) => call.reply.error(asGatewayError(thrown)));
};

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** The part of a call that facts are made of. */
export type FactsSource = Pick<Call, 'exchange' | 'client' | 'message' | 'server' | 'idText'>;

/** The facts that do not depend on the target. */
export const callFacts = (call: FactsSource, name: string, args: unknown): CallFacts => {
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
    server: server.node,
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
