/** Ed25519 keys for tests; the same at every run. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** RFC 8410: a private key of 32 bytes in PKCS #8. */
const PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The private key whose 32 bytes all are `byte`. */
export const privateKey = (byte: number): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PREFIX, Buffer.alloc(32, byte)]), format: 'der', type: 'pkcs8' });

/** PEM of its public key. */
export const publicPem = (key: KeyObject): string =>
  createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();

/** PEM of the key itself. */
export const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
