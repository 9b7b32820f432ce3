/** The detached signature of an artifact. */

/** Changes when a member of a signature's file changes its meaning. */
export const SIGNATURE_FORMAT_VERSION = 1;

/** Stands before the artifact in what is signed, so that no signature made for something else counts. */
export const SIGNED_PREFIX = 'gatewright artifact\n';

/** What the file of a signature holds, in canonical JSON and a line break. */
export interface ArtifactSignature {
  readonly formatVersion: typeof SIGNATURE_FORMAT_VERSION;
  readonly algorithm: 'Ed25519';
  /** SHA-256 of the public key's SubjectPublicKeyInfo (DER), hexadecimal. */
  readonly keyId: string;
  /** Ed25519 (RFC 8032) of {@link SIGNED_PREFIX} and the artifact's bytes; base64. */
  readonly signature: string;
}

/** The file beside an artifact that holds its signature. */
export const signatureFileOf = (artifact: string): string => `${artifact}.sig`;
