/**
 * HTTP+SSE, the transport of 2024-11-05, as a channel: a GET opens an event stream, which names the place to post to;
 * what is posted there is accepted, and answered on the stream (MCP 2024-11-05, transports, HTTP with SSE).
 */

import type { Admitted } from '../../../policies/identity/standing.ts';
import type { SessionsNode } from '../../../schema/graph/graph.ts';
import type { Principal } from '../../../schema/principal.ts';
import { asGatewayError, GatewayError, RPC } from '../../errors.ts';
import type { Handler } from '../../generation.ts';
import { isJsonContentType, readBody } from '../../listen/body.ts';
import { type EventStream, startEventStream } from '../../listen/event-stream.ts';
import type { ListenerLifecycle, WebExchange } from '../../listen/exchange.ts';
import { replyEmpty, replyError, replyFailed } from '../../listen/reply.ts';
import type { Counts } from '../../state/counts.ts';
import { atTurnEnd } from '../../turn-end.ts';
import { closingRefusal } from '../closing.ts';
import { handOver } from '../hand-over.ts';
import { admittedBy, type LastingCaller } from '../lasting-callers.ts';
import { OwnerQuota, ownerOf } from '../legacy/owner-quota.ts';
import { sealSessionId } from '../legacy/session-id.ts';
import { FIRST_VERSION } from '../revision.ts';
import type { Place } from '../server.ts';
import type { Channel } from './channel.ts';
import { type ChannelContext, ChannelExchange } from './channel-exchange.ts';
import { Conversation, type ConversationRules } from './conversation.ts';

/** The parameter of the place to post to. */
const PARAMETER = 'sessionId';

const RULES: ConversationRules = {
  modern: false,
  keepsRefused: false,
  offered: ({ server: { legacyVersions } }) => [...legacyVersions, FIRST_VERSION],
};

/** One stream, with the messages that are posted to it. */
class EventStreamChannel implements Channel, LastingCaller {
  readonly admitted: Admitted;
  readonly principal: Principal;
  readonly serverName: string;
  readonly conversation = new Conversation(this, RULES);
  readonly #stream: EventStream;
  readonly #lifecycle: ListenerLifecycle;
  readonly #onOver: () => void;
  readonly #onClosing = (): void => void this.conversation.drained().then(() => this.end());
  #over = false;

  constructor(stream: EventStream, exchange: WebExchange, serverName: string, onOver: () => void) {
    const { principal, lifecycle } = exchange;
    this.admitted = admittedBy(exchange, serverName, 'place');
    this.principal = principal;
    this.serverName = serverName;
    this.#stream = stream;
    this.#lifecycle = lifecycle;
    this.#onOver = onOver;
    stream.onClose = () => this.#close();
    stream.expires(principal.expiresAtMs);
    lifecycle.closers.add(this.#onClosing);
  }

  send(text: string): void {
    this.#stream.send(text, undefined, 'message');
  }

  end(): void {
    this.#stream.end();
    this.#close();
  }

  expel(): void {
    this.end();
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#lifecycle.closers.delete(this.#onClosing);
    this.#onOver();
    this.conversation.close();
  }
}

const refusal = (code: 'method_not_allowed' | 'not_acceptable' | 'session_not_found', message: string) =>
  new GatewayError(code, message, {
    status: { method_not_allowed: 405, not_acceptable: 406, session_not_found: 404 }[code],
    rpcCode: RPC.invalidRequest,
  });

const acceptsStream = ({ request }: WebExchange): boolean => {
  const { accept } = request.headers;
  return accept === undefined || accept.includes('text/event-stream') || accept.includes('*/*');
};

type Bounds = Pick<SessionsNode, 'max' | 'maxPerPrincipal'>;

/** All open streams of the gateway, across generations; each is found by its sealed id, by its own principal only. */
export class EventStreamChannels {
  readonly #channels = new Map<string, EventStreamChannel>();
  readonly #quota: OwnerQuota;
  #bounds: Bounds;

  constructor(bounds: Bounds, counts?: Counts) {
    this.#bounds = bounds;
    this.#quota = new OwnerQuota(counts);
  }

  /** Bounds of the graph that serves now: of streams as of sessions. */
  rebound(bounds: Bounds): void {
    this.#bounds = bounds;
  }

  /** Opens the stream of an identified caller, and tells it where to post to. */
  open({ server }: Place, exchange: WebExchange, postPath: string): void {
    const owner = ownerOf(exchange.principal, exchange.clientAddress);
    this.#quota.take(owner, this.#bounds);
    const { lasting, held, node } = server;
    const { name } = node;
    const id = sealSessionId(
      server.sealer,
      { principalKey: exchange.principal.key, serverName: name },
      { owner: server.sessions.owner, createdMs: Date.now() },
    );
    exchange.record.outcome = 'ok';
    const stream = startEventStream(exchange);
    const channel = new EventStreamChannel(stream, exchange, name, () => {
      this.#channels.delete(id);
      lasting.remove(channel);
      this.#quota.giveBack(owner);
    });
    this.#channels.set(id, channel);
    if (stream.closed) channel.end();
    else lasting.add(channel, held.graph);
    if (!stream.closed) stream.send(`${postPath}?${PARAMETER}=${id}`, undefined, 'endpoint');
  }

  /** Where messages of this stream are taken, if it is this principal's on this server. */
  find(id: string, principal: Principal, serverName: string): Conversation | undefined {
    const channel = this.#channels.get(id);
    return channel?.principal.key === principal.key && channel.serverName === serverName
      ? channel.conversation
      : undefined;
  }
}

/** Serves the streams; `postPath` is the path to post to. */
export const serveEventStream =
  (place: Place, channels: EventStreamChannels, postPath: string): Handler =>
  (exchange) =>
    identified(place, exchange, 'GET', () => {
      const refused =
        closingRefusal(exchange) ??
        (acceptsStream(exchange)
          ? undefined
          : refusal('not_acceptable', 'accept must admit text/event-stream'));
      if (refused === undefined) channels.open(place, exchange, postPath);
      else replyError(exchange, refused);
    });

/** Takes what is posted to a stream. */
export const servePosted =
  (place: Place, channels: EventStreamChannels, context: ChannelContext): Handler =>
  (exchange) =>
    identified(place, exchange, 'POST', () => {
      const { url = '', headers } = exchange.request;
      const id = new URLSearchParams(url.slice(exchange.path.length + 1)).get(PARAMETER) ?? '';
      const conversation = channels.find(id, exchange.principal, place.server.node.name);
      if (conversation === undefined) elsewhere(place, exchange, id);
      else if (!isJsonContentType(headers['content-type'])) replyError(exchange, notJsonType());
      else
        readBody(
          exchange,
          place.maxBodyBytes,
          (text) => accept(place, exchange, conversation, context, text),
          (error) => replyError(exchange, error),
        );
    });

/** The stream may be a peer's, which takes what is posted to it. */
const elsewhere = ({ server, maxBodyBytes }: Place, exchange: WebExchange, id: string): void => {
  const refuse = (): void => void replyError(exchange, refusal('session_not_found', 'session not found'));
  const owner =
    server.peers === undefined ? undefined : server.sessions.ownerElsewhere(id, exchange.principal, server);
  if (owner === undefined) refuse();
  else
    readBody(
      exchange,
      maxBodyBytes,
      (text) => handOver(server, exchange, owner, text, refuse),
      (error) => replyError(exchange, error),
    );
};

const notJsonType = (): GatewayError =>
  new GatewayError('unsupported_media_type', 'content-type must be application/json', {
    status: 415,
    rpcCode: RPC.invalidRequest,
  });

const acceptedLater = atTurnEnd(
  (exchange: WebExchange) => void replyEmpty(exchange, 202),
  (exchange, thrown) => replyFailed(exchange, thrown, undefined),
);

/** The message is an exchange of its own: the POST that carried it is over at the end of the turn, whatever it says. */
const accept = (
  place: Place,
  exchange: WebExchange,
  conversation: Conversation,
  context: ChannelContext,
  text: string,
): void => {
  if (exchange.concluded || exchange.response.destroyed) return;
  exchange.record.outcome = 'ok';
  acceptedLater(exchange);
  conversation.take(place, new ChannelExchange(exchange, context, exchange.principal), text);
};

const identified = (place: Place, exchange: WebExchange, method: 'GET' | 'POST', serve: () => void): void => {
  exchange.record.server = place.server.node.name;
  exchange.record.era = 'legacy';
  exchange.record.method = method;
  place.authenticate(exchange, Date.now(), (outcome) => {
    if (outcome instanceof GatewayError) {
      replyError(exchange, outcome);
      return;
    }
    exchange.principal = outcome;
    if (exchange.request.method !== method) {
      replyError(exchange, refusal('method_not_allowed', 'method not allowed'), undefined, ['allow', method]);
      return;
    }
    try {
      serve();
    } catch (thrown) {
      replyError(exchange, asGatewayError(thrown));
    }
  });
};
