/** What the protocol room asks of an upstream, whatever carries the messages. */
import type { Era } from '../../schema/graph/upstream.ts';
import type { GatewayError } from '../errors.ts';
import type { ResponseEdits } from './large/response-rewriter.ts';
import type { Message } from './message.ts';

/** A JSON-RPC request ready to be sent: text as it goes out, with an id that is unique on its link. */
export interface OutboundRequest {
  readonly id: number;
  readonly method: string;
  /** The JSON text of the whole message. */
  readonly body: string;
  /**
   * Header names and values, flat, to be sent where the transport has headers: `mcp-method`, `mcp-name`,
   * `mcp-param-*` and the caller's headers that the upstream's `forward` list names. Protocol version, session,
   * content type, accept, credentials and `set` headers are the link's own.
   */
  readonly headers: readonly string[];
  /** Whether it asked for log messages: on a pipe that requests share, none but those can belong to it. */
  readonly wantsLogs?: boolean;
  /** Whether the gateway asks on its own behalf: nothing that an upstream says of no request can belong to it. */
  readonly isOwn?: boolean;
  /** Whether a second execution is harmless: lists and reads, and tools that are trusted to say so. */
  readonly idempotent: boolean;
  /** The upstream's name of the tool that is called. */
  readonly tool?: string | undefined;
  /** Whether it goes elsewhere where it cannot be sent: then that is no failure of the upstream. */
  readonly mayMove?: boolean;
  /** Tells apart whom requests are made for, where endpoints are chosen by that. */
  readonly caller?: string | undefined;
  /** The bound of a `bounds` limit, if smaller than the upstream's own. */
  readonly timeoutMs?: number | undefined;
  /** How far progress extends that; absent: not at all. */
  readonly maxTimeoutMs?: number | undefined;
  /** How much of its time has passed before it could be sent. */
  readonly preparingMs?: number | undefined;
  /** When its caller gives it up, on the clock of `performance.now()`; absent: not of its own accord. */
  readonly deadlineMs?: number | undefined;
  /** Whether its caller asked for progress, by which the time of a call gets longer. */
  readonly mayProgress?: boolean;
  /** Whether the upstream may come to wait for its caller, who is in no hurry: `Link.pause`. */
  readonly mayPause?: boolean;
  /** The largest response in bytes; absent: the link's own bound. One that is read whole has a bound besides. */
  readonly maxBytes?: number | undefined;
}

/**
 * Receives what belongs to one request. After `onResponse` or `onError` nothing more comes. `message` is the text
 * parsed, so that nobody need parse it again; it must not be changed.
 */
export interface ReplySink {
  /** The upstream chose to answer with a stream; called before its first message, at most once. */
  onStream(): void;
  /**
   * Legacy only: the upstream closed its stream before the response, to be resumed by GET + Last-Event-ID (SSE
   * polling, MCP 2025-11-25, transports). The link resumes by itself; called so that the caller's stream can be
   * closed likewise.
   */
  onSuspend(): void;
  /** A notification, or a request of a legacy upstream, as JSON text. */
  onMessage(text: string, message: Message): void;
  /** The JSON-RPC response, as JSON text, with the id of the request. */
  onResponse(text: string, message: Message): void;
  onError(error: GatewayError): void;
  /**
   * The response is too large to be held. The reply that is returned gets it in pieces, in place of `onResponse` and
   * `onError`, unless none was written: what turns out to be no result is held after all. Undefined, or no such
   * method: this response has to be read whole, and is, up to a bound.
   */
  onLarge?(): LargeReply | undefined;
}

/** Takes a response in pieces. After `end` or `fail` nothing more comes. */
export interface LargeReply {
  /** What changes on the way. */
  readonly edits: ResponseEdits;
  /** Set before the first `write`: the client has read what was written. */
  onDrain: () => void;
  /** Set likewise: nobody reads any more. */
  onGone: () => void;
  /** `onWritten` as for a ResponseWriter. False: nothing more until `onDrain`. */
  write(bytes: Buffer, onWritten?: () => void): boolean;
  /** The response was whole and sound. */
  end(): void;
  /** It was not: what was written must not be taken for a response. */
  fail(error: GatewayError): void;
}

/**
 * Takes a request back. `reason` goes to the upstream as the era wants it: a modern stream is closed, a legacy
 * upstream gets notifications/cancelled. Idempotent, harmless after the end.
 */
export type Cancel = (reason?: string) => void;

/** What an upstream said of itself: in InitializeResult (legacy) or DiscoverResult (modern). */
export interface PeerInfo {
  /** The revision that is spoken on this link. */
  readonly protocolVersion: string;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly serverInfo: Readonly<Record<string, unknown>>;
  readonly instructions: string | undefined;
}

/** One conversation with one upstream in one era. */
export interface Link {
  readonly upstream: string;
  readonly era: Era;
  readonly peer: PeerInfo;
  /** Whether the conversation is over; set before `onClosed` and before the errors of what was in flight. */
  readonly closed: boolean;
  /** Headers of the caller that it was opened for, flat; absent where it belongs to no caller. */
  readonly callerHeaders?: readonly string[];
  /** The next id for a request on this link. */
  nextId(): number;
  /** Sends a request; timeouts, retries and the breaker are applied here. Never throws. */
  request(request: OutboundRequest, sink: ReplySink): Cancel;
  /**
   * Legacy only: stops the clock of a request while the upstream waits for an answer of its caller, or lets it run
   * on. Harmless after the end.
   */
  pause?(requestId: number, paused: boolean): void;
  /** Legacy only: what tells whether anybody uses the conversation. */
  activity?(): LinkActivity;
  /**
   * Sends a notification or, legacy only, an answer to a request of the upstream. Failures are logged, not thrown. What
   * `mayBeLost` is not sent while the upstream has many messages that it has not taken.
   */
  send(body: string, mayBeLost?: boolean): void;
  /**
   * Messages that belong to no request: those of a legacy GET stream or of a stdio process. Set once by the
   * owner; a request that nobody takes is answered -32601 by the owner.
   */
  onUnsolicited: (text: string, message: Message) => void;
  /**
   * Legacy only: whether what the upstream says of its own accord is heard, at once if that is known. A modern
   * upstream says nothing but on the streams of requests.
   */
  hears(): boolean | Promise<boolean>;
  /** Legacy only: what the upstream said of its own accord was missed; whether it is heard again, `hears` tells. */
  onGap: () => void;
  /** Whom the upstream takes for one subscriber: the process that several links share, or the link itself. */
  readonly subscriber: object;
  /**
   * The conversation is over, and not by `close`: process exit, session ended by the upstream, or an upstream that
   * turned out to be of the other era.
   */
  onClosed: (reason: GatewayError) => void;
  /** Ends the conversation: DELETE of a session, or orderly stop of a process of its own. */
  close(): Promise<void>;
}

/** Requests of a link. */
export interface LinkActivity {
  readonly inFlight: number;
  /** Grows with each request. */
  readonly requests: number;
}

/** How a legacy conversation is opened. */
export interface LegacyOpening {
  /** What is declared in initialize: the client's own, or `{}` for a bridged session. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly clientInfo: { readonly name: string; readonly version: string };
  /** The revision asked for. */
  readonly protocolVersion: string;
  /** Tells apart conversations that must not share a process: `shared`, a principal's key or a session's id. */
  readonly isolationKey: string;
  /** As `caller` of requests. */
  readonly caller?: string | undefined;
  /** Whether to open the GET stream where the upstream has one. */
  readonly listen: boolean;
  /** The caller's headers named in `forward`, flat. */
  readonly headers: readonly string[];
  /** Aborted, with a GatewayError, when nobody wants it any more; absent: it comes to its own end. */
  readonly wanted?: AbortSignal;
}

/** An upstream while its fingerprint is in use: pools, processes, breaker. Shared between generations. */
export interface Upstream {
  readonly name: string;
  /**
   * The era to speak with it for a client of `clientEra`; detected once, with the headers of the caller that it is
   * first wanted for, kept with a date, detected again after
   * a failure. Rejects with a GatewayError `upstream_unavailable` or `upstream_timeout`.
   */
  eraFor(clientEra: Era, callerHeaders?: readonly string[]): Promise<Era>;
  /** What `eraFor` would give, if it is known: for the path of a call, which awaits nothing. */
  eraAtHand(clientEra: Era): Era | undefined;
  /** The link that `modern` would give, if it is there. Not to be kept: the next call may meet another. */
  modernAtHand(isolationKey?: string): Link | undefined;
  /**
   * The one stateless link of the modern era. Rejects if the upstream does not speak it. A stdio upstream that is
   * not shared has one for each `isolationKey`, as in `LegacyOpening`.
   */
  modern(isolationKey?: string, callerHeaders?: readonly string[]): Promise<Link>;
  /** Opens a conversation of the legacy era: initialize and initialized are done when it resolves. */
  legacy(opening: LegacyOpening): Promise<Link>;
  /** Absent where there is nothing to start. Rejects if the upstream's process does not come to serve. */
  start?(): Promise<void>;
  /** What `status` and metrics tell. */
  state(): UpstreamState;
  /** Ends everything; requests in flight fail. */
  close(): Promise<void>;
}

export interface UpstreamState {
  readonly breaker: 'none' | 'closed' | 'half-open' | 'open';
  /** Tools that are not called any more; absent where tools have no breakers of their own. */
  readonly openTools?: readonly string[] | undefined;
  readonly inFlight: number;
  /** Those of them that wait for a place or a connection; absent where nobody ever does. */
  readonly waiting?: number | undefined;
  readonly links: number;
  /** Process ids of stdio children. */
  readonly processes: readonly number[];
  readonly eras: readonly Era[];
  /** Absent where there is one that is not looked after. */
  readonly endpoints?: readonly EndpointState[] | undefined;
}

export interface EndpointState {
  /** Without query and credentials. */
  readonly url: string;
  readonly healthy: boolean;
  readonly inFlight: number;
}
