/** Operational failures: coded, with a message for the caller and a cause that never leaves the process. */
import type { Answer } from '../policies/answers.ts';

/** Stable codes, sent to clients as `error.data.code` and used as a label of logs and metrics. */
export type ErrorCode =
  | 'address_refused'
  | 'host_refused'
  | 'origin_refused'
  | 'not_found'
  | 'method_not_allowed'
  | 'not_acceptable'
  | 'unsupported_media_type'
  | 'body_too_large'
  | 'body_timeout'
  | 'parse_error'
  | 'invalid_request'
  | 'invalid_params'
  | 'method_not_found'
  | 'header_mismatch'
  | 'unsupported_version'
  | 'missing_capability'
  | 'unauthenticated'
  | 'insufficient_scope'
  | 'forbidden'
  | 'session_required'
  | 'session_not_found'
  | 'too_many_sessions'
  | 'too_many_subscriptions'
  | 'unknown_target'
  | 'policy_denied'
  | 'policy_error'
  | 'rate_limited'
  | 'quota_exhausted'
  | 'concurrency_limited'
  | 'result_too_large'
  | 'state_unavailable'
  | 'overloaded'
  | 'breaker_open'
  | 'upstream_busy'
  | 'upstream_unavailable'
  | 'upstream_timeout'
  | 'upstream_protocol'
  | 'not_supported'
  | 'state_refused'
  | 'input_refused'
  | 'input_unavailable'
  | 'shutting_down'
  | 'internal';

/** JSON-RPC error codes that the gateway uses (JSON-RPC 2.0; MCP 2026-07-28, basic, Error Codes). */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
  /** Legacy revisions only. */
  resourceNotFound: -32002,
  /** MCP 2025-11-25 only: the caller is to visit URLs first. */
  urlElicitationRequired: -32042,
  /** The gateway's own refusals: policy, limits, upstream trouble. Outside the reserved range. */
  refused: -31001,
  limited: -31002,
  upstream: -31003,
} as const;

interface GatewayErrorOptions {
  readonly status?: number;
  readonly rpcCode?: number;
  readonly retryAfterMs?: number;
  /** Headers that the reply needs, flat: a challenge, for instance. */
  readonly headers?: readonly string[];
  /** More members of `error.data`; must be safe to show. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** For the log only. */
  readonly cause?: unknown;
}

/**
 * Has a message and no stack: what it is of, its message or code says. Where it was made nobody reads, and whoever floods
 * us with faults would have us write it.
 */
export class TracelessError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * A failure with a place in the protocol. `message` is shown to the caller and names nothing inside;
 * `cause` goes to the log at most.
 */
export class GatewayError extends TracelessError {
  readonly code: ErrorCode;
  readonly status: number;
  readonly rpcCode: number;
  readonly retryAfterMs: number | undefined;
  readonly headers: readonly string[] | undefined;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.status = options.status ?? 200;
    this.rpcCode = options.rpcCode ?? RPC.internalError;
    this.retryAfterMs = options.retryAfterMs;
    this.headers = options.headers;
    this.data = options.data;
  }
}

/** The error of a refusal whose answer is the same wherever it is made. */
export const answerError = (answer: Answer, options: GatewayErrorOptions = {}): GatewayError =>
  new GatewayError(answer.code, answer.message, {
    status: answer.status,
    rpcCode: RPC[answer.rpc],
    ...options,
  });

/** Any thrown value as a GatewayError; what is none becomes `internal` with the value as cause. */
export const asGatewayError = (thrown: unknown): GatewayError =>
  thrown instanceof GatewayError
    ? thrown
    : new GatewayError('internal', 'internal error', { status: 500, cause: thrown });
