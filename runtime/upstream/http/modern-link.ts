/** The stateless link of MCP 2026-07-28 over streamable HTTP. */

import { type GatewayError, RPC } from '../../errors.ts';
import type { ReplyHeaders } from '../client/reply-head.ts';
import { MODERN_VERSION } from '../discovery.ts';
import { REVISION_REFUSED, upstreamError } from '../failure.ts';
import type { Cancel, Link, OutboundRequest, PeerInfo, ReplySink } from '../link.ts';
import { errorCode, type Message } from '../message.ts';
import type { HttpEndpoint } from './endpoint.ts';
import { HttpCall, isNoEvidence, type Relayed } from './http-call.ts';

/** What every modern request carries, flat. */
export const modernHeaders = (endpoint: HttpEndpoint): readonly string[] => [
  'content-type',
  'application/json',
  'accept',
  'application/json, text/event-stream',
  'mcp-protocol-version',
  MODERN_VERSION,
  ...endpoint.headers,
];

/** Codes of legacy implementations' own making (MCP 2026-07-28, basic, Error Codes). */
const isLegacyCode = (code: number | undefined): boolean =>
  code !== undefined && code <= -32000 && code >= -32019;

/** Closing the stream is the cancellation (MCP 2026-07-28, streamable-http). */
class ModernHttpCall extends HttpCall {
  readonly #headers: readonly string[];
  protected readonly onContradiction: () => void;

  constructor(
    endpoint: HttpEndpoint,
    headers: readonly string[],
    request: OutboundRequest,
    sink: ReplySink,
    onContradiction: () => void,
  ) {
    super(endpoint, request, sink);
    this.#headers = headers;
    this.onContradiction = onContradiction;
  }

  override onRefusal(status: number, headers: ReplyHeaders, text: string): void {
    const unknown = status === 400 || status === 404 || status === 405;
    if (unknown && this.relayable(status, text) === undefined) this.onContradiction();
    super.onRefusal(status, headers, text);
  }

  protected override relayable(status: number, text: string): Relayed | undefined {
    const relayed = super.relayable(status, text);
    // A refusal that names no request, with a code that this era does not use, is one of the other era.
    return relayed?.adopted === true && isLegacyCode(errorCode(relayed.message)) ? undefined : relayed;
  }

  protected get linkHeaders(): readonly string[] {
    return this.#headers;
  }

  protected sideMessage(text: string, message: Message): void {
    // A server of this era makes no requests: nobody would answer.
    if (message.id === undefined) this.message(text, message);
  }
}

/** An upstream that does not speak this revision any more: what it speaks is found out anew. */
export class PlainCall extends ModernHttpCall {
  override respond(text: string, message: Message, healthy = true): void {
    if (errorCode(message) !== RPC.unsupportedVersion) {
      super.respond(text, message, healthy);
      return;
    }
    this.onContradiction();
    this.failed({ error: upstreamError('upstream_unavailable', REVISION_REFUSED), sent: true });
  }
}

/** `server/discover`: what it learns must not come from an outage or refused credentials. */
class DiscoverCall extends ModernHttpCall {
  protected override relayable(status: number, text: string): Relayed | undefined {
    return isNoEvidence(status) ? undefined : super.relayable(status, text);
  }
}

/** Sends `server/discover`. */
export const discoverCall = (endpoint: HttpEndpoint, request: OutboundRequest, sink: ReplySink): void =>
  new DiscoverCall(endpoint, modernHeaders(endpoint), request, sink, () => undefined).start();

/** Makes one modern request. `onContradiction`: the upstream answered as one of the other era would. */
type MakeCall = (
  headers: readonly string[],
  request: OutboundRequest,
  sink: ReplySink,
  onContradiction: () => void,
) => PlainCall;

/** Every request stands for itself; the link is over when its upstream turns out to be of the other era. */
export class ModernHttpLink implements Link {
  readonly upstream: string;
  readonly era = 'modern';
  peer: PeerInfo;
  closed = false;
  onUnsolicited: (text: string, message: Message) => void = () => undefined;
  onClosed: (reason: GatewayError) => void = () => undefined;
  onGap: () => void = () => undefined;
  readonly subscriber = this;
  readonly #makeCall: MakeCall;
  readonly #headers: readonly string[];
  readonly #onContradiction: () => void;
  #lastId = 0;

  /**
   * @param onContradiction told when the upstream answers as one of the other era would
   * @param makeCall where requests go elsewhere than to `endpoint`
   */
  constructor(
    endpoint: HttpEndpoint,
    peer: PeerInfo,
    onContradiction: () => void,
    makeCall: MakeCall = (...parts) => new PlainCall(endpoint, ...parts),
  ) {
    this.upstream = endpoint.traffic.upstream;
    this.peer = peer;
    this.#makeCall = makeCall;
    this.#headers = modernHeaders(endpoint);
    this.#onContradiction = onContradiction;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  request(request: OutboundRequest, sink: ReplySink): Cancel {
    const call = this.#makeCall(this.#headers, request, sink, this.#onContradiction);
    call.start();
    return (reason) => call.cancel(reason);
  }

  hears(): boolean {
    return false;
  }

  /** No notification of a client is defined for this transport. */
  send(_body: string): void {}

  /** The link is everybody's: it ends with its upstream. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  end(reason: GatewayError): void {
    if (this.closed) return;
    this.closed = true;
    this.onClosed(reason);
  }
}
