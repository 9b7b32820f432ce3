/** Brings an identity of the graph to life. */
import { prepareClaims } from '../../policies/claims.ts';
import type { IdentityNode } from '../../schema/graph/identity.ts';
import { ApiKeyIdentity } from './api-key.ts';
import type { Identity } from './identity.ts';
import { openIssuerKeys } from './jwks.ts';
import { JwtIdentity } from './jwt.ts';

/** What an identity tells of itself while it is in use. */
export interface IdentityEvents {
  /** An issuer's keys could not be fetched; told at most once per attempt. The error is for the log. */
  readonly onKeysFailure: (identity: string, error: unknown) => void;
}

/**
 * Opens an identity. Keys of an issuer are asked for at once, without waiting: an issuer that is down delays no
 * start, but lets nobody in until it answers. Throws if the node could not have been compiled.
 */
export const openIdentity = (node: IdentityNode, events: IdentityEvents, nowMs: number): Identity => {
  switch (node.type) {
    case 'api-key':
      return new ApiKeyIdentity(node);
    case 'jwt': {
      const keys = openIssuerKeys(node, (error) => events.onKeysFailure(node.name, error));
      const identity = new JwtIdentity(node, keys, prepareClaims(node.principal));
      void keys.refresh(nowMs);
      return identity;
    }
  }
};
