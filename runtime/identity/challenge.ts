/** `WWW-Authenticate` of refusals (RFC 6750 section 3, RFC 9728 section 5.1). */
import assert from 'node:assert';

/** Headers for each kind of refusal, flat, made once per server and place. */
export interface Challenges {
  /** No token was sent: says where to get one, and of no error. */
  readonly missing: readonly string[];
  readonly invalidToken: readonly string[];
  readonly invalidRequest: readonly string[];
  /** Names every scope that is needed. */
  readonly insufficientScope: readonly string[];
}

/** RFC 6749, appendix A.4: a scope that can stand in a quoted string. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const QUOTABLE = /^[\x21\x23-\x5b\x5d-\x7e]*$/;

/** The challenges of a server. `metadataUrl` is empty where no authorization server is involved. */
export const prepareChallenges = (metadataUrl: string, scopes: readonly string[]): Challenges => {
  assert.match(metadataUrl, QUOTABLE);
  for (const scope of scopes) assert.match(scope, SCOPE);
  const common: string[] = [];
  if (metadataUrl !== '') {
    common.push(`resource_metadata="${metadataUrl}"`);
    if (scopes.length > 0) common.push(`scope="${scopes.join(' ')}"`);
  }
  const challenge = (error: string): readonly string[] => {
    const parameters = error === '' ? common : [`error="${error}"`, ...common];
    return Object.freeze(['www-authenticate', `Bearer ${parameters.join(', ')}`.trimEnd()]);
  };
  return {
    missing: challenge(''),
    invalidToken: challenge('invalid_token'),
    invalidRequest: challenge('invalid_request'),
    insufficientScope: challenge('insufficient_scope'),
  };
};
