/** One HTTP request on its way through the gateway. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Principal } from '../../schema/principal.ts';

/** Mutable only in what later stages learn; made once per request and handed through. */
export interface Exchange {
  readonly request: IncomingMessage | Http2ServerRequest;
  readonly response: ServerResponse | Http2ServerResponse;
  /** Name of the listener. */
  readonly listener: string;
  /** Whether the listener speaks TLS. */
  readonly secure: boolean;
  /** The client's address: the peer's, or what a trusted proxy says. */
  readonly clientAddress: string;
  /** Path without query. */
  readonly path: string;
  /** From X-Correlation-ID where it is well formed, else made here. */
  readonly correlationId: string;
  /** Headers of every reply, flat: the listener's security headers, CORS where it applies, X-Correlation-ID. */
  readonly replyHeaders: readonly string[];
  /** From performance.now(). */
  readonly startedMs: number;
  principal: Principal;
  /** For the access line and metrics. */
  readonly record: ExchangeRecord;
}

/** What is told of a request once it is over. Every label is a name of the configuration or of a fixed set. */
export interface ExchangeRecord {
  server: string;
  era: 'modern' | 'legacy' | '';
  /** MCP method, or empty. */
  method: string;
  /** Exposed name of the tool or prompt, or URI; empty. Goes to the access line; a metric label only if listed. */
  target: string;
  upstream: string;
  /** `ok`, `tool_error`, or an error code. */
  outcome: string;
}
