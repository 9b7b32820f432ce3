/** Signatures of artifacts: made, and held to the keys that are trusted. */
import { type KeyObject, sign, verify } from 'node:crypto';
import {
  type ArtifactSignature,
  SIGNATURE_FORMAT_VERSION,
  SIGNED_PREFIX,
  signatureFileOf,
} from '../../schema/artifact-signature.ts';
import { canonicalJson } from '../../schema/canonical-json.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Files } from '../source/files.ts';
import { type SourceFile, sourceFile } from '../source/source-file.ts';
import { isArtifact } from './read-artifact.ts';
import { exactly, fields, oneOf, type Shape } from './shape.ts';
import { type VerifyingKey, verifyingKeyOf } from './signing-key.ts';

const MAX_SIGNATURE_BYTES = 4096;

const signedBytes = (artifact: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(SIGNED_PREFIX), artifact]);

/** The text of the signature's file. */
export const signArtifact = (artifact: Uint8Array, key: KeyObject): string => {
  const signature: ArtifactSignature = {
    formatVersion: SIGNATURE_FORMAT_VERSION,
    algorithm: 'Ed25519',
    keyId: verifyingKeyOf(key).id,
    signature: sign(null, signedBytes(artifact), key).toString('base64'),
  };
  return `${canonicalJson(signature)}\n`;
};

const matching = (expected: string, pattern: RegExp): Shape<string> => ({
  faultOf: (value, path) =>
    typeof value === 'string' && pattern.test(value) ? undefined : { path, expected },
});

const signatureShape = fields<ArtifactSignature>({
  formatVersion: exactly(SIGNATURE_FORMAT_VERSION),
  algorithm: oneOf('Ed25519'),
  keyId: matching('a SHA-256 in hexadecimal', /^[0-9a-f]{64}$/),
  signature: matching('64 bytes in base64', /^[A-Za-z0-9+/]{85}[AQgw]==$/),
});

/** The signature that a file holds, if it is spelt as {@link signArtifact} spells it. */
const readSignature = (bytes: Uint8Array): ArtifactSignature | undefined => {
  if (bytes.length > MAX_SIGNATURE_BYTES) return undefined;
  const text = Buffer.from(bytes).toString('latin1');
  try {
    const value: unknown = JSON.parse(text);
    const isSpelt = signatureShape.faultOf(value, []) === undefined && `${canonicalJson(value)}\n` === text;
    return isSpelt ? (value as ArtifactSignature) : undefined;
  } catch {
    return undefined;
  }
};

const start = (file: SourceFile) => ({ file, start: 0, end: 1 });

/**
 * Whether `main` is an artifact whose signature, in the file beside it, one of the trusted keys made. Reports why not.
 * To be asked before anything else is read from `bytes`.
 */
export const isTrusted = (
  main: string,
  bytes: Uint8Array,
  files: Files,
  trust: readonly VerifyingKey[],
  report: Report,
): boolean => {
  const artifact = start(sourceFile(main, ''));
  if (!isArtifact(bytes)) {
    report('GW6014', artifact, { path: main });
    return false;
  }
  const path = signatureFileOf(main);
  const found = files.open(path);
  if (!found) {
    report('GW6010', artifact, { path });
    return false;
  }
  const signature = readSignature(found);
  if (!signature) {
    report('GW6011', start(sourceFile(path, '')), { path });
    return false;
  }
  const { keyId } = signature;
  const trusted = trust.find(({ id }) => id === keyId);
  if (!trusted) {
    report('GW6012', start(sourceFile(path, '')), { keyId, trusted: trust.map(({ id }) => id) });
    return false;
  }
  if (verify(null, signedBytes(bytes), trusted.key, Buffer.from(signature.signature, 'base64'))) return true;
  report('GW6013', artifact, { path, keyId });
  return false;
};
