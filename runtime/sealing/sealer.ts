/**
 * Sealed text: what the gateway hands out and takes back without keeping it. Encrypted and authenticated
 * (AES-256-GCM, NIST SP 800-38D), so that a holder can neither read nor change it, nor use it for anything else.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** What a seal is for; a seal of one purpose does not open for another. */
export type SealPurpose = 'session' | 'cursor' | 'request-state' | 'task';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 4;
const OVERHEAD_BYTES = KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** The longest text that is opened: nobody is handed out a longer one. */
export const MAX_SEALED_LENGTH = 1024 * 1024;

interface SealingKey {
  readonly id: Buffer;
  /** Keys derived from the material, by their use. */
  readonly derived: Map<string, Buffer>;
  readonly material: Buffer;
}

const sealingKey = (material: Buffer): SealingKey => ({
  id: createHash('sha256')
    .update('gatewright sealing key id\n')
    .update(material)
    .digest()
    .subarray(0, KEY_ID_BYTES),
  derived: new Map(),
  material,
});

const keyFor = (key: SealingKey, use: string): Buffer => {
  const known = key.derived.get(use);
  if (known !== undefined) return known;
  const derived = Buffer.from(hkdfSync('sha256', key.material, '', `gatewright ${use}`, 32));
  key.derived.set(use, derived);
  return derived;
};

/** The parts that a seal is bound to, as bytes that no other list of parts gives. */
const bindingOf = (bound: readonly string[]): Buffer => Buffer.from(JSON.stringify(bound), 'utf8');

/**
 * Seals with its first key and opens with any. Without keys it seals with one of its own, which dies with it and opens
 * for as long.
 */
export class Sealer {
  readonly #own: SealingKey;
  #keys: readonly SealingKey[] = [];

  /** @param own its own key; random by default */
  constructor(keys: readonly string[] = [], own: Buffer = randomBytes(32)) {
    this.#own = sealingKey(own);
    this.rekey(keys);
  }

  /** Takes over keys. What was sealed by a key that is not listed any more does not open. */
  rekey(keys: readonly string[]): void {
    this.#keys = [...keys.map((key) => sealingKey(Buffer.from(key, 'utf8'))), this.#own];
  }

  /**
   * `plain` sealed, as base64url. It opens only for the same purpose and the same `bound` parts: a principal's key,
   * a server's name, whatever the holder must not carry it over to.
   */
  seal(purpose: SealPurpose, bound: readonly string[], plain: string): string {
    return this.#seal(purpose, bound, plain, randomBytes(NONCE_BYTES));
  }

  /**
   * As `seal`, and the same text whenever the same is sealed: for names that must stay what they are. The nonce is
   * made of all that is sealed, so that none is used for two texts.
   */
  sealName(purpose: SealPurpose, bound: readonly string[], plain: string): string {
    const hmac = createHmac('sha256', keyFor(this.#keys[0]!, `${purpose} nonce`));
    const digest = hmac.update(JSON.stringify([bound, plain])).digest();
    return this.#seal(purpose, bound, plain, digest.subarray(0, NONCE_BYTES));
  }

  #seal(purpose: SealPurpose, bound: readonly string[], plain: string, nonce: Buffer): string {
    const key = this.#keys[0]!;
    const cipher = createCipheriv('aes-256-gcm', keyFor(key, purpose), nonce);
    cipher.setAAD(bindingOf(bound));
    const sealed = Buffer.concat([
      key.id,
      nonce,
      cipher.update(plain, 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return sealed.toString('base64url');
  }

  /** What was sealed, or undefined for what is not a whole seal of this purpose, these parts and a known key. */
  open(purpose: SealPurpose, bound: readonly string[], sealedText: string): string | undefined {
    if (sealedText.length > MAX_SEALED_LENGTH || !BASE64URL.test(sealedText)) return undefined;
    const sealed = Buffer.from(sealedText, 'base64url');
    // One text for one seal: bits that base64 leaves over must not make a second one.
    if (sealed.length < OVERHEAD_BYTES || sealed.toString('base64url') !== sealedText) return undefined;
    const id = sealed.subarray(0, KEY_ID_BYTES);
    const key = this.#keys.find((each) => each.id.equals(id));
    if (key === undefined) return undefined;
    const body = sealed.subarray(KEY_ID_BYTES + NONCE_BYTES, -TAG_BYTES);
    const nonce = sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', keyFor(key, purpose), nonce);
    decipher.setAAD(bindingOf(bound));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}
