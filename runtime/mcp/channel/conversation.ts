/**
 * What one client says over a channel, from the first message to the last. The legacy life cycle (MCP 2025-11-25,
 * lifecycle) and, on stdio, requests of 2026-07-28: the opening message tells which, and the channel stays with it;
 * server/discover alone decides nothing (MCP 2026-07-28, transports, stdio).
 */
import { asGatewayError, GatewayError, RPC } from '../../errors.ts';
import { memberText } from '../../json-members.ts';
import { errorResponse } from '../../listen/reply.ts';
import { classify } from '../classify.ts';
import { resultText } from '../client-reply.ts';
import { shuttingDown } from '../closing.ts';
import { notForBatches, readBatch, runBatch } from '../legacy/batch.ts';
import { InFlight } from '../legacy/in-flight.ts';
import { type Greeting, serveInitialize } from '../legacy/initialize.ts';
import { takeNotification } from '../legacy/notification.ts';
import type { Session } from '../legacy/session.ts';
import { idInUse, serveRequest, sessionCall } from '../legacy/session-call.ts';
import type { SessionStore } from '../legacy/session-store.ts';
import { isRefused, type Message, notJson, parseJson, readMessage, tooMuch } from '../message.ts';
import { serveModern } from '../modern/serve-modern.ts';
import type { Place, PreparedServer } from '../server.ts';
import type { Channel } from './channel.ts';
import type { ChannelExchange } from './channel-exchange.ts';
import { ChannelReply } from './channel-reply.ts';

/** What a kind of channel admits. */
export interface ConversationRules {
  /** Whether requests of 2026-07-28 are served; otherwise every channel is a legacy one. */
  readonly modern: boolean;
  /** Whether a client that is let in no more stays, to be told so at each message. */
  readonly keepsRefused: boolean;
  /** The legacy revisions that a server's clients may choose from on this channel, newest first. */
  readonly offered: (place: Place) => readonly string[];
}

type Life =
  | { readonly kind: 'new' }
  | { readonly kind: 'modern' }
  /** initialize is being answered. */
  | { readonly kind: 'greeting'; readonly exchange: ChannelExchange; readonly greeting: Greeting }
  | { readonly kind: 'legacy'; readonly session: Session; readonly store: SessionStore }
  | { readonly kind: 'over' };

const invalid = (code: 'invalid_request' | 'session_required' | 'invalid_params', message: string) =>
  new GatewayError(code, message, {
    status: 400,
    rpcCode: code === 'invalid_params' ? RPC.invalidParams : RPC.invalidRequest,
  });

/** What tells on stdio that the server ends a subscription (MCP 2026-07-28, cancellation). */
const cancelled = (idText: string): string =>
  `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${idText}}}`;

/** A request that came while initialize was being answered. */
interface Early {
  readonly place: Place;
  readonly exchange: ChannelExchange;
  readonly message: Message;
}

/** More requests than this do not wait for the answer to initialize. */
const MAX_EARLY = 100;

export class Conversation {
  readonly #channel: Channel;
  readonly #rules: ConversationRules;
  /** Requests of 2026-07-28; a session has its own. */
  readonly #modern = new InFlight();
  #life: Life = { kind: 'new' };
  readonly #early: Early[] = [];
  /** Requests that wait for an answer. */
  #open = 0;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(channel: Channel, rules: ConversationRules) {
    this.#channel = channel;
    this.#rules = rules;
  }

  /** Takes one message of an identified caller, or a batch. Answers it in every case. */
  take(place: Place, exchange: ChannelExchange, text: string): void {
    exchange.record.server = place.server.node.name;
    if (this.#life.kind === 'over') {
      exchange.abort('aborted');
      return;
    }
    try {
      this.#read(place, exchange, text);
    } catch (thrown) {
      this.#refuse(exchange, asGatewayError(thrown));
    }
  }

  /** Answers a message that may not be served, with the id that it has. */
  refuse(place: Place, exchange: ChannelExchange, error: GatewayError, text: string): void {
    exchange.record.server = place.server.node.name;
    const value = parseJson(text);
    const read = value === undefined ? notJson() : readMessage(text, value, place.json.depth);
    if (isRefused(read) || read.kind === 'request') this.#refuse(exchange, error, read.idText);
    else exchange.conclude(error.status);
  }

  /** Answers a message that is served no further. `idText` is the JSON text of its id, where one could be read. */
  #refuse(exchange: ChannelExchange, error: GatewayError, idText?: string): void {
    if (exchange.concluded) return;
    exchange.record.outcome = error.code;
    exchange.record.cause = error.cause;
    exchange.conclude(error.status);
    this.#channel.send(errorResponse(exchange, error, idText));
  }

  /** Requests of 2026-07-28 that began under a server that is over fail; sessions have theirs. */
  cut(exposures: PreparedServer['exposures'], error: GatewayError): void {
    this.#modern.end(error, exposures);
  }

  /** All that wait for an answer fail: their time is up. */
  fail(error: GatewayError): void {
    const life = this.#life;
    for (const { exchange, message } of this.#early.splice(0)) {
      this.#open -= 1;
      this.#refuse(exchange, error, message.idText);
    }
    this.#modern.end(error);
    if (life.kind === 'legacy') life.session.inFlight.end(error);
    if (life.kind === 'greeting') {
      life.exchange.takeBack();
      life.greeting.refuse(error);
    }
  }

  /** The client is gone: what it waits for is taken back, and its session ends. */
  close(): void {
    const life = this.#life;
    this.#life = { kind: 'over' };
    this.#modern.abandon();
    if (life.kind === 'greeting') life.exchange.abort('aborted');
    if (life.kind === 'legacy') life.store.end(life.session);
    this.#takeEarly();
    this.#drained?.resolve();
  }

  /** From now on requests are refused; resolves when all that waits for an answer has it. */
  drained(): Promise<void> {
    this.#drained ??= Promise.withResolvers();
    this.#closed();
    return this.#drained.promise;
  }

  /** One request less waits. */
  #closed(): void {
    if (this.#open === 0) this.#drained?.resolve();
  }

  #read(place: Place, exchange: ChannelExchange, text: string): void {
    const refused = tooMuch(text, place.json);
    if (refused !== undefined) throw refused;
    const value = parseJson(text);
    if (Array.isArray(value)) {
      this.#batch(place, exchange, text, value);
      return;
    }
    const message = value === undefined ? notJson() : readMessage(text, value, place.json.depth);
    if (isRefused(message)) {
      this.#refuse(exchange, message.error, message.idText);
      return;
    }
    exchange.record.method = message.method;
    const era = this.#eraOf(place, message);
    if (era instanceof GatewayError) {
      if (message.kind === 'request') this.#refuse(exchange, era, message.idText);
      else this.#takenIn(exchange);
      return;
    }
    exchange.record.era = era;
    if (message.kind === 'request') this.#request(place, exchange, message, era);
    else this.#tell(exchange, message, era);
  }

  #takenIn(exchange: ChannelExchange): void {
    exchange.conclude(202);
  }

  #eraOf(place: Place, message: Message): 'modern' | 'legacy' | GatewayError {
    const { kind } = this.#life;
    if (kind === 'legacy' || kind === 'greeting' || !this.#rules.modern) return 'legacy';
    const { modernVersions, extensionMethods } = place.server;
    if (kind === 'modern' && message.kind !== 'request') return 'modern';
    const classified = classify(message, undefined, modernVersions, extensionMethods);
    if (classified instanceof GatewayError) return classified;
    if (classified.era === 'legacy' && kind === 'modern')
      return invalid('invalid_params', 'requests on this channel carry the envelope of the first one');
    if (classified.era === 'modern' && kind === 'new' && message.method !== 'server/discover')
      this.#life = { kind: 'modern' };
    return classified.era;
  }

  #request(place: Place, exchange: ChannelExchange, message: Message, era: 'modern' | 'legacy'): void {
    const { shedding } = exchange.lifecycle;
    if (this.#drained !== undefined) this.#refuse(exchange, shuttingDown(), message.idText);
    else if (shedding.sheds) this.#refuse(exchange, shedding.refusal(), message.idText);
    else if (era === 'modern') this.#modernRequest(place, exchange, message);
    else this.#legacyRequest(place, exchange, message);
  }

  #legacyRequest(place: Place, exchange: ChannelExchange, message: Message): void {
    if (this.#life.kind === 'legacy') this.#sessionRequest(place, exchange, message, this.#life.session);
    else if (message.method === 'initialize') this.#initialize(place, exchange, message);
    else if (message.method === 'ping') this.#pong(exchange, message.idText!);
    else if (this.#life.kind === 'greeting' && this.#early.length < MAX_EARLY)
      this.#hold(place, exchange, message);
    else this.#refuse(exchange, invalid('session_required', 'initialize comes first'), message.idText);
  }

  /** Some clients do not wait for the answer to initialize, as a script that writes all it has to say. */
  #hold(place: Place, exchange: ChannelExchange, message: Message): void {
    this.#open += 1;
    this.#early.push({ place, exchange, message });
  }

  #takeEarly(): void {
    for (const { place, exchange, message } of this.#early.splice(0)) {
      this.#open -= 1;
      if (this.#life.kind === 'over') exchange.abort('aborted');
      else this.#legacyRequest(place, exchange, message);
    }
    this.#closed();
  }

  #pong(exchange: ChannelExchange, idText: string): void {
    exchange.conclude(200);
    this.#channel.send(resultText(idText, '{}'));
  }

  #replyTo(exchange: ChannelExchange, idText: string, finished: () => void, epilogue?: string): ChannelReply {
    this.#open += 1;
    const onOver = (): void => {
      this.#open -= 1;
      finished();
      this.#closed();
    };
    return new ChannelReply({ channel: this.#channel, exchange, idText, onOver, epilogue });
  }

  #modernRequest(place: Place, exchange: ChannelExchange, message: Message): void {
    const idText = message.idText!;
    if (this.#modern.has(idText) || this.#modern.full) {
      this.#refuse(exchange, idInUse(), idText);
      return;
    }
    const lasts = message.method === 'subscriptions/listen';
    const epilogue = lasts ? cancelled(idText) : undefined;
    const reply = this.#replyTo(exchange, idText, () => this.#modern.finished(idText), epilogue);
    // Streams go over to another graph, or end in order, by rules of their own.
    this.#modern.exposures = lasts ? undefined : place.server.exposures;
    this.#modern.begin(idText, reply);
    if (!lasts) this.#modern.started(idText, () => exchange.takeBack(), undefined);
    serveModern(place, exchange, message, reply);
  }

  #sessionRequest(place: Place, exchange: ChannelExchange, message: Message, session: Session): void {
    if (!this.#isLive(place, exchange, session)) return;
    const idText = message.idText!;
    if (message.method === 'initialize') {
      this.#refuse(exchange, invalid('invalid_request', 'initialize comes once'), idText);
      return;
    }
    if (session.inFlight.has(idText) || session.inFlight.full) {
      this.#refuse(exchange, idInUse(), idText);
      return;
    }
    const reply = this.#replyTo(exchange, idText, () => session.finished(idText));
    serveRequest(sessionCall(place.server, exchange, session, message, reply));
  }

  /** Whether the session may still be used by this caller; if not, the channel ends. */
  #isLive({ server }: Place, exchange: ChannelExchange, session: Session): boolean {
    if (server.sessions.find(session.id, exchange.principal, server.node.name) === session) return true;
    exchange.record.outcome = 'session_not_found';
    exchange.conclude(404);
    this.#channel.end('done');
    return false;
  }

  #initialize(place: Place, exchange: ChannelExchange, message: Message): void {
    const idText = message.idText!;
    const offered = this.#rules.offered(place);
    if (this.#life.kind !== 'new' || offered.length === 0) {
      const { modernVersions: supported } = place.server;
      const error =
        offered.length > 0
          ? invalid('invalid_request', 'initialize comes once')
          : new GatewayError('unsupported_version', 'this protocol version is not supported', {
              status: 400,
              rpcCode: RPC.unsupportedVersion,
              data: { supported, requested: String(message.params.protocolVersion) },
            });
      this.#refuse(exchange, error, idText);
      return;
    }
    const greeting = this.#greeting(
      place,
      this.#replyTo(exchange, idText, () => undefined),
    );
    this.#life = { kind: 'greeting', exchange, greeting };
    serveInitialize(place.server, exchange, message, offered, greeting);
  }

  #passOn(text: string): true {
    this.#channel.send(text);
    return true;
  }

  #greeting(place: Place, reply: ChannelReply): Greeting {
    return {
      welcome: (session, text) => {
        if (this.#life.kind === 'over') return false;
        this.#life = { kind: 'legacy', session, store: place.server.sessions };
        session.onEnded = () => {
          const stays = session.expelled && this.#rules.keepsRefused;
          if (this.#life.kind !== 'over' && !stays) this.#channel.end(session.expelled ? 'refused' : 'done');
        };
        reply.response(text);
        this.#takeEarly();
        session.streams.standalone.attach(
          { stays: true, onClose: undefined, send: (told) => this.#passOn(told), end: () => undefined },
          undefined,
        );
        return true;
      },
      refuse: (error) => {
        if (this.#life.kind === 'greeting') this.#life = { kind: 'new' };
        reply.error(error);
        this.#takeEarly();
      },
    };
  }

  /** A notification, or the answer to what the client was asked. */
  #tell(exchange: ChannelExchange, message: Message, era: 'modern' | 'legacy'): void {
    exchange.record.outcome = 'ok';
    this.#takenIn(exchange);
    if (era === 'modern') this.#cancel(message);
    else if (this.#life.kind !== 'legacy') return;
    else if (message.kind === 'response') this.#life.session.asks.answer(message.idText!, message.text);
    else takeNotification(this.#life.session, message);
  }

  /** The only notification of clients of 2026-07-28. */
  #cancel({ method, text, members }: Message): void {
    if (method !== 'notifications/cancelled') return;
    const idText = memberText(text, members.params, 'requestId');
    if (idText !== undefined) this.#modern.cancel(idText, 'cancelled by the client');
  }

  #batch(place: Place, exchange: ChannelExchange, text: string, values: readonly unknown[]): void {
    exchange.record.era = 'legacy';
    exchange.record.method = 'batch';
    const messages = readBatch(text, values, place.json.depth);
    if (messages instanceof GatewayError) this.#refuse(exchange, messages);
    else if (this.#life.kind !== 'legacy')
      this.#refuse(exchange, invalid('session_required', 'initialize comes first'));
    else this.#sessionBatch(place, exchange, messages, this.#life.session);
  }

  #sessionBatch(
    place: Place,
    exchange: ChannelExchange,
    messages: readonly Message[],
    session: Session,
  ): void {
    const unfit = notForBatches(session);
    if (unfit !== undefined) this.#refuse(exchange, unfit);
    else if (this.#isLive(place, exchange, session)) {
      this.#open += 1;
      runBatch(place.server, exchange, session, messages, (answers) => {
        this.#open -= 1;
        exchange.conclude(answers === undefined ? 202 : 200);
        if (answers !== undefined) this.#channel.send(answers);
        this.#closed();
      });
    }
  }
}
