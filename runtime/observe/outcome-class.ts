import type { ErrorCode } from '../errors.ts';

/** Who is to be asked why a call ended as it did; a label of few values beside the many codes. */
export type OutcomeClass =
  | 'ok'
  /** The tool answered, and says that it failed. */
  | 'tool_error'
  /** The caller's message was wrong, or named what is not there. */
  | 'protocol_error'
  /** Identity or policy refused. */
  | 'denied'
  /** A limit, a cap or a guard of the gateway refused. */
  | 'limited'
  /** The upstream failed, was late, or is kept from being asked. */
  | 'upstream'
  /** The caller left or took the call back. */
  | 'aborted'
  /** The gateway itself, or what it keeps its state in. */
  | 'gateway';

type Outcome = ErrorCode | 'ok' | 'tool_error' | 'protocol_error' | 'aborted' | 'cancelled' | 'slow_reader';

const CLASSES: Readonly<Record<Outcome, OutcomeClass>> = Object.assign(Object.create(null), {
  ok: 'ok',
  tool_error: 'tool_error',
  protocol_error: 'protocol_error',
  aborted: 'aborted',
  cancelled: 'aborted',
  slow_reader: 'limited',
  address_refused: 'denied',
  host_refused: 'denied',
  origin_refused: 'denied',
  unauthenticated: 'denied',
  insufficient_scope: 'denied',
  forbidden: 'denied',
  policy_denied: 'denied',
  policy_error: 'denied',
  body_too_large: 'limited',
  body_timeout: 'limited',
  too_many_sessions: 'limited',
  too_many_subscriptions: 'limited',
  rate_limited: 'limited',
  quota_exhausted: 'limited',
  concurrency_limited: 'limited',
  overloaded: 'limited',
  result_too_large: 'limited',
  not_found: 'protocol_error',
  method_not_allowed: 'protocol_error',
  not_acceptable: 'protocol_error',
  unsupported_media_type: 'protocol_error',
  parse_error: 'protocol_error',
  invalid_request: 'protocol_error',
  invalid_params: 'protocol_error',
  method_not_found: 'protocol_error',
  header_mismatch: 'protocol_error',
  unsupported_version: 'protocol_error',
  missing_capability: 'protocol_error',
  session_required: 'protocol_error',
  session_not_found: 'protocol_error',
  unknown_target: 'protocol_error',
  not_supported: 'protocol_error',
  state_refused: 'protocol_error',
  input_refused: 'protocol_error',
  input_unavailable: 'protocol_error',
  breaker_open: 'upstream',
  upstream_busy: 'upstream',
  upstream_unavailable: 'upstream',
  upstream_timeout: 'upstream',
  upstream_protocol: 'upstream',
  state_unavailable: 'gateway',
  shutting_down: 'gateway',
  internal: 'gateway',
} satisfies Record<Outcome, OutcomeClass>);

/** The class of an outcome of an exchange's record; of one that is not in the table, `gateway`: a gap to be seen. */
export const outcomeClass = (outcome: string): OutcomeClass => CLASSES[outcome as Outcome] ?? 'gateway';
