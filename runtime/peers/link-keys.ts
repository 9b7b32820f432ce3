/**
 * The keys of connections between replicas. Each is good for being called by one name: who has it can be sure that the
 * other end knows a sealing key, and that it is meant.
 */
import { createHash, hkdfSync } from 'node:crypto';

/** A pre-shared key of TLS, with what the caller names it by (RFC 8446, 4.2.11). */
export interface LinkKey {
  readonly identity: string;
  readonly key: Buffer;
}

const KEY_BYTES = 32;
const KEY_ID_BYTES = 6;

/** What calls to `replica` are kept secret with, derived from one sealing key. */
export const linkKey = (sealingKey: string, replica: string): LinkKey => {
  const digest = createHash('sha256').update('gatewright replica link key id\n').update(sealingKey).digest();
  return {
    identity: `${digest.subarray(0, KEY_ID_BYTES).toString('base64url')}:${replica}`,
    key: Buffer.from(hkdfSync('sha256', sealingKey, '', `gatewright replica link to ${replica}`, KEY_BYTES)),
  };
};
