/** A legacy conversation over streamable HTTP: MCP 2025-11-25 and older. */
import type { GatewayError } from '../../errors.ts';
import { place, swapRemove } from '../../swap-remove.ts';
import { ask } from '../ask.ts';
import type { ReplyHeaders } from '../client/reply-head.ts';
import { INITIALIZED, initializedPeer, initializeRequest } from '../discovery.ts';
import { protocolFailure, upstreamError } from '../failure.ts';
import type {
  Cancel,
  LegacyOpening,
  Link,
  LinkActivity,
  OutboundRequest,
  PeerInfo,
  ReplySink,
} from '../link.ts';
import type { Message } from '../message.ts';
import type { HttpEndpoint } from './endpoint.ts';
import { HttpCall, isNoEvidence, type Relayed } from './http-call.ts';
import { LegacyHttpCall } from './legacy-call.ts';
import { LegacySession } from './legacy-session.ts';
import { ListenStream } from './listen-stream.ts';

/** `initialize`: it cannot be cancelled but by giving its connection up, and its reply names the session. */
class InitializeCall extends HttpCall {
  readonly #session: LegacySession;

  constructor(session: LegacySession, request: OutboundRequest, sink: ReplySink) {
    super(session.endpoint, request, sink);
    this.#session = session;
  }

  override onHead(headers: ReplyHeaders): void {
    super.onHead(headers);
    if (this.#session.adoptId(headers)) return;
    this.failed(protocolFailure('malformed session id'));
    this.exchange?.abort();
  }

  protected override relayable(status: number, text: string): Relayed | undefined {
    return isNoEvidence(status) ? undefined : super.relayable(status, text);
  }

  protected get linkHeaders(): readonly string[] {
    return this.#session.postHeaders;
  }

  /** Nobody waits for it any more. That counts against an upstream that took longer than it is waited for. */
  giveUp(error: GatewayError): void {
    const isLate = error.code === 'upstream_timeout';
    this.exchange?.abort();
    this.failed({ error, sent: true, ...(isLate && { counts: 'timeout' as const }) });
  }

  protected sideMessage(text: string, message: Message): void {
    if (!this.#session.answersItself(message)) this.message(text, message);
  }
}

/** The answer to `initialize`. */
const initialize = async (
  session: LegacySession,
  request: OutboundRequest,
  wanted: AbortSignal | undefined,
): Promise<Message> => {
  wanted?.throwIfAborted();
  let giveUp: (() => void) | undefined;
  const answer = ask((sink) => {
    const call = new InitializeCall(session, request, sink);
    giveUp = () => call.giveUp(wanted!.reason as GatewayError);
    wanted?.addEventListener('abort', giveUp);
    call.start();
  });
  try {
    return await answer;
  } finally {
    wanted?.removeEventListener('abort', giveUp!);
    // Its id may have come before it was given up.
    if (wanted?.aborted === true) void session.delete();
  }
};

export class LegacyHttpLink implements Link {
  readonly upstream: string;
  readonly era = 'legacy';
  readonly peer: PeerInfo;
  closed = false;
  onUnsolicited: (text: string, message: Message) => void = () => undefined;
  onClosed: (reason: GatewayError) => void = () => undefined;
  onGap: () => void = () => undefined;
  readonly subscriber = this;
  readonly callerHeaders: readonly string[];
  readonly #session: LegacySession;
  readonly #calls: LegacyHttpCall[] = [];
  readonly #onEnd: (link: LegacyHttpLink) => void;
  #listening: ListenStream | undefined;
  #closing: Promise<void> | undefined;
  #lastId = 0;

  private constructor(
    session: LegacySession,
    callerHeaders: readonly string[],
    peer: PeerInfo,
    onEnd: (link: LegacyHttpLink) => void,
  ) {
    this.upstream = session.endpoint.traffic.upstream;
    this.peer = peer;
    this.callerHeaders = callerHeaders;
    this.#session = session;
    this.#onEnd = onEnd;
  }

  /**
   * Initialises a session, unless nobody wants it any more. `mayMove`: there are other endpoints to do it at. `onEnd` is
   * called once, whichever side ends it.
   */
  static async open(
    endpoint: HttpEndpoint,
    mayMove: boolean,
    opening: LegacyOpening,
    onEnd: (link: LegacyHttpLink) => void,
  ): Promise<LegacyHttpLink> {
    let link: LegacyHttpLink | undefined;
    const session = new LegacySession(endpoint, opening.headers, { onGone: (reason) => link?.gone(reason) });
    const request = {
      id: 0,
      method: 'initialize',
      body: initializeRequest(0, opening),
      headers: opening.headers,
      idempotent: true,
      mayMove,
    };
    const { wanted } = opening;
    const peer = initializedPeer(await initialize(session, request, wanted));
    session.adoptVersion(peer.protocolVersion);
    wanted?.throwIfAborted();
    if (!(await session.post(INITIALIZED, { wanted }))) {
      await session.delete();
      wanted?.throwIfAborted();
      throw upstreamError('upstream_protocol', 'notifications/initialized was refused');
    }
    link = new LegacyHttpLink(session, opening.headers, peer, onEnd);
    if (opening.listen) link.#listen();
    return link;
  }

  /** The connections that its session is held over. */
  get endpoint(): HttpEndpoint {
    return this.#session.endpoint;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  request(request: OutboundRequest, sink: ReplySink): Cancel {
    if (this.closed) {
      sink.onError(upstreamError('upstream_unavailable', 'the session is over'));
      return () => undefined;
    }
    const call = new LegacyHttpCall(this.#session, request, sink, this.#forget);
    place(this.#calls, call);
    call.start();
    return (reason) => call.cancel(reason);
  }

  pause(requestId: number, paused: boolean): void {
    for (const call of this.#calls) if (call.request.id === requestId) paused ? call.pause() : call.resume();
  }

  activity(): LinkActivity {
    return { inFlight: this.#calls.length, requests: this.#lastId };
  }

  hears(): boolean | Promise<boolean> {
    return !this.closed && (this.#listening?.hears() ?? false);
  }

  send(body: string, mayBeLost?: boolean): void {
    if (!this.closed) this.#session.send(body, mayBeLost);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The upstream holds the link until the session is deleted: it must not take the connection away before. */
  async #close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.#listening?.close();
    for (const call of [...this.#calls]) call.abort();
    await this.#session.delete();
    this.#onEnd(this);
  }

  /** The upstream ended the session. Calls in flight learn it by their own replies. */
  gone(reason: GatewayError): void {
    if (this.closed) return;
    this.closed = true;
    this.#listening?.close();
    this.#onEnd(this);
    this.#guarded(() => this.onClosed(reason));
  }

  readonly #forget = (call: LegacyHttpCall): void => {
    swapRemove(this.#calls, call);
  };

  #listen(): void {
    this.#listening = new ListenStream(this.#session, {
      onMessage: (text, message) => {
        if (!this.#session.answersItself(message)) this.#guarded(() => this.onUnsolicited(text, message));
      },
      onGap: () => this.#guarded(() => this.onGap()),
    });
  }

  /** An owner must not throw. One that does must not break the stream. */
  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (thrown) {
      this.#session.log('error', 'a message could not be handed on', { cause: thrown });
    }
  }
}
