/** One message of a client, or another request, on its way through the gateway. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Principal } from '../../schema/principal.ts';
import type { GenerationView } from '../generation.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import type { Shedding } from './shedding.ts';

/** What was found out of an Authorization header; the same for requests that have the same one on a connection. */
export interface KnownAuthorization {
  /** Of the token, once it was needed. */
  digest: string | undefined;
}

/** What came with a request besides its body; with a message of a channel, what the channel was opened with. */
export interface RequestHead {
  readonly method?: string | undefined;
  /** The request target. */
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Flat. */
  readonly rawHeaders: readonly string[];
  /** Whether a header has come more than once, where that is known; their size is bounded then. */
  readonly repeats?: boolean;
  /** Absent where nothing is known from one request to the next. */
  readonly authorization?: KnownAuthorization;
}

/** Mutable only in what later stages learn; made once per request and handed through. */
export interface Exchange {
  readonly request: RequestHead;
  /** Whether the request's headers are those of this message alone, so that they have to agree with it. */
  readonly hasOwnHeaders: boolean;
  /** Name of the listener. */
  readonly listener: string;
  /** Whether the listener speaks TLS. */
  readonly secure: boolean;
  /** Address of the other end of the connection; empty for a peer of a unix socket. */
  readonly peer: string;
  /** The client's address: the peer's, or what a trusted proxy says. Empty for a peer of a unix socket. */
  clientAddress: string;
  /** Path without query. */
  readonly path: string;
  /** From X-Correlation-ID where it is well formed, else made here. Part of every reply. */
  readonly correlationId: string;
  /**
   * Headers of every reply besides X-Correlation-ID, flat: the listener's own and CORS where it applies.
   * Shared between requests: never changed, only appended to copies.
   */
  replyHeaders: readonly string[];
  /** When it came, to a peer perhaps; from performance.now(). */
  readonly startedMs: number;
  principal: Principal;
  /** That it came under, which it holds until it is concluded. */
  readonly generation: GenerationView;
  /** Itself, and what goes on behind its reply: see generation-hold.ts. */
  holders: number;
  /** Called once, when none of them is left. */
  onOver: (() => void) | undefined;
  /** For the access line and metrics. */
  readonly record: ExchangeRecord;
  /** Shared by all requests of a listener. */
  readonly lifecycle: ListenerLifecycle;
  /** Whether reply and connection are done with: nothing can be sent any more. */
  concluded: boolean;
  /**
   * Called once if the client goes away before the reply is whole. Whoever has work under way sets it, and
   * takes that work back in it.
   */
  onAbort: (() => void) | undefined;
}

/** Who is told of the body of a request: of its pieces, and then of its end or that it does not come to one. */
export interface BodySink {
  /** May be kept; one that is the whole body, until its end was told. */
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** The client went away, or nobody wants the rest. */
  onGone(): void;
}

/** A request over HTTP. Its body waits until it is read. */
export interface WebRequest extends RequestHead {
  readonly httpVersionMajor: number;
  /** Whether the body has come whole. */
  readonly complete: boolean;
  /** Over HTTP/2. */
  readonly stream?: ServerHttp2Stream;
  /** At most once; the sink is told later than this returns. */
  read(sink: BodySink): void;
  /** Throws away what still comes of the body, within bounds. */
  discard(): void;
  /** Lets go of what only whoever serves it needs: its headers. */
  forget(): void;
}

/** The reply to a request over HTTP. */
export interface WebResponse {
  /** Over HTTP/1.1: whether the connection stays after it. */
  keepAlive: boolean;
  readonly statusCode: number;
  readonly headersSent: boolean;
  /** Nothing more is written. */
  readonly writableEnded: boolean;
  /** And all of it was handed to the system. */
  readonly writableFinished: boolean;
  readonly writableLength: number;
  readonly destroyed: boolean;
  /** Over HTTP/2. */
  readonly stream?: ServerHttp2Stream;
  /** Asks for the body, of a client that waits for that. */
  writeContinue(): void;
  /** `headers` are flat. Throws where one cannot be sent; nothing is sent then. */
  writeHead(status: number, headers: readonly string[]): unknown;
  /**
   * Over HTTP/1.1, as `writeHead`: of field lines that can be sent and are none of the connection's, the coding or Date.
   * `length` is that of the body, and among the lines; undefined: it comes in pieces.
   */
  holdHead?(status: number, lines: string, length: number | undefined): void;
  flushHeaders(): void;
  /**
   * `onWritten`, for bytes over HTTP/1.1, is told later than this returns, once they were handed to the system. False: the client
   * has to read first, as `drain` tells.
   */
  write(chunk: string | Uint8Array, onWritten?: () => void): boolean;
  end(chunk?: string | Uint8Array): unknown;
  /** Breaks it off. */
  destroy(): unknown;
  /** `close` comes once, when it has left or cannot any more. */
  once(event: 'close' | 'drain', listener: () => void): unknown;
  off(event: 'close' | 'drain', listener: () => void): unknown;
}

/** An exchange over HTTP, which is answered by its response. */
export interface WebExchange extends Exchange {
  readonly request: WebRequest;
  readonly response: WebResponse;
}

/** What requests need to know of the listener that they came through. */
export interface ListenerLifecycle {
  /** While it closes, replies end their HTTP/1.1 connection. */
  readonly closing: boolean;
  readonly bodyTimeoutMs: number;
  /** Called when it begins to close: what would stay open ends. */
  readonly closers: Set<() => void>;
  readonly shedding: Shedding;
}
