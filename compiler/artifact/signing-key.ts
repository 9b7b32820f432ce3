/** Keys from PEM (RFC 7468): Ed25519 and nothing else. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** A public key with the id that signatures name it by. */
export interface VerifyingKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** Why a text is not the key that is due, in words that follow its file's name. */
export interface KeyProblem {
  readonly problem: string;
}

const LABEL = /-----BEGIN ([A-Z0-9 ]+)-----/g;

const labelProblem = (pem: string, due: 'PRIVATE KEY' | 'PUBLIC KEY'): string | undefined => {
  const labels = Array.from(pem.matchAll(LABEL), ([, label]) => label!);
  const [label] = labels;
  if (label === undefined) return 'is no key in PEM format';
  if (labels.length > 1) return `holds ${labels.length} PEM blocks; one key is due`;
  if (label === due && !pem.includes('Proc-Type: 4,ENCRYPTED')) return undefined;
  if (label.includes('ENCRYPTED') || pem.includes('Proc-Type: 4,ENCRYPTED'))
    return 'holds an encrypted key; decrypt it first, for example with `openssl pkcs8`';
  if (label.includes('CERTIFICATE')) return 'holds a certificate; a key is due';
  if (label === 'PUBLIC KEY') return 'holds a public key; signing needs the private one';
  if (label.endsWith('PRIVATE KEY') && due === 'PUBLIC KEY')
    return 'holds a private key; keep it secret and give the public one';
  return `holds a \`${label}\`; an Ed25519 \`${due}\` is due`;
};

const parse = (make: () => KeyObject): KeyObject | KeyProblem => {
  try {
    const key = make();
    const { asymmetricKeyType } = key;
    return asymmetricKeyType === 'ed25519'
      ? key
      : { problem: `holds a key of type ${asymmetricKeyType}; Ed25519 is due` };
  } catch {
    return { problem: 'holds a key that is damaged or of an unknown type' };
  }
};

/** The key that signs, from PKCS #8. */
export const readSigningKey = (pem: string): KeyObject | KeyProblem => {
  const problem = labelProblem(pem, 'PRIVATE KEY');
  return problem === undefined ? parse(() => createPrivateKey(pem)) : { problem };
};

const idOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');

/** The public key that belongs to `key`, and its id. */
export const verifyingKeyOf = (key: KeyObject): VerifyingKey => {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return { id: idOf(publicKey), key: publicKey };
};

/** A key that verifies, from SubjectPublicKeyInfo. */
export const readVerifyingKey = (pem: string): VerifyingKey | KeyProblem => {
  const problem = labelProblem(pem, 'PUBLIC KEY');
  if (problem !== undefined) return { problem };
  const key = parse(() => createPublicKey(pem));
  return 'problem' in key ? key : verifyingKeyOf(key);
};
