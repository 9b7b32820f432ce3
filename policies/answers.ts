/** What a refused caller is told: one and the same, wherever the refusal is made or explained. */
import type { Decision } from '../schema/decision.ts';

/** A refusal as its caller sees it. `rpc` names the JSON-RPC code. */
export interface Answer {
  /** `error.data.code`. */
  readonly code:
    | 'address_refused'
    | 'host_refused'
    | 'origin_refused'
    | 'invalid_request'
    | 'not_found'
    | 'unauthenticated'
    | 'insufficient_scope'
    | 'forbidden'
    | 'method_not_found'
    | 'unknown_target'
    | 'policy_denied'
    | 'policy_error';
  readonly status: number;
  readonly rpc: 'refused' | 'invalidRequest' | 'invalidParams' | 'methodNotFound' | 'resourceNotFound';
  readonly message: string;
}

const answer = (code: Answer['code'], status: number, rpc: Answer['rpc'], message: string): Answer =>
  Object.freeze({ code, status, rpc, message });

export const ADDRESS_REFUSED = answer('address_refused', 403, 'refused', 'address not allowed');
export const ADDRESS_UNCLEAR = answer(
  'invalid_request',
  400,
  'invalidRequest',
  'forwarded address cannot be determined',
);
export const HOST_REFUSED = answer('host_refused', 403, 'refused', 'host not allowed');
export const HOST_UNCLEAR = answer('invalid_request', 400, 'invalidRequest', 'exactly one host is required');
export const ORIGIN_REFUSED = answer('origin_refused', 403, 'refused', 'origin not allowed');
export const NOT_FOUND = answer('not_found', 404, 'invalidRequest', 'nothing is served here');

export const CREDENTIAL_MISSING = answer('unauthenticated', 401, 'refused', 'authentication is required');
export const CREDENTIAL_INVALID = answer(
  'unauthenticated',
  401,
  'refused',
  'the access token is not valid for this server',
);
export const SCOPE_MISSING = answer(
  'insufficient_scope',
  403,
  'refused',
  'the access token lacks a scope that this server needs',
);
export const CREDENTIAL_OF_OTHERS = answer(
  'forbidden',
  403,
  'refused',
  'this credential does not open this server',
);

/** To a method that does not exist here. */
export const methodUnknown = (era: 'modern' | 'legacy'): Answer =>
  answer('method_not_found', era === 'modern' ? 404 : 200, 'methodNotFound', 'method not found');

/** To a target that does not exist or must not be seen; one and the same. */
export const targetUnknown = (
  target: 'tool' | 'prompt' | 'resource',
  name: string,
  era: 'modern' | 'legacy',
): Answer => {
  if (target !== 'resource')
    return answer('unknown_target', 200, 'invalidParams', `Unknown ${target}: ${name}`);
  const rpc = era === 'legacy' ? 'resourceNotFound' : 'invalidParams';
  return answer('unknown_target', 200, rpc, 'Resource not found');
};

const UNDECIDABLE = answer('policy_error', 200, 'refused', 'the call could not be decided');

/** What a call is answered that was decided so; undefined: it goes on. `unknown` answers as if there were no target. */
export const answerTo = (decision: Decision): Answer | 'unknown' | undefined => {
  if (decision.kind === 'allow') return undefined;
  if (decision.kind === 'undecided') return UNDECIDABLE;
  if (decision.certain) return 'unknown';
  if (decision.reason === 'error') return UNDECIDABLE;
  return answer('policy_denied', 200, 'refused', decision.because ?? 'denied by policy');
};
