/** What one peer tells another of a request besides the request itself, in a header of its own. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const ENVELOPE_HEADER = 'x-gatewright-peer';

/** What cannot be read from the request. */
export interface Envelope {
  /** Name of the listener that it came to. */
  readonly listener: string;
  readonly secure: boolean;
  /** The client's, as that listener has found it out. */
  readonly clientAddress: string;
  /** How long ago it came there, so that it has no more time here than is left of it. Absent: a peer does not tell. */
  readonly elapsedMs?: number;
}

/** What the secret that all peers know is made of. */
export const peerSecret = (key: Buffer): Buffer =>
  createHmac('sha256', key).update('gatewright peer').digest();

const macOf = (secret: Buffer, text: string): Buffer => createHmac('sha256', secret).update(text).digest();

/** The value of the header. Only who knows the secret can make one. */
export const sealEnvelope = (secret: Buffer, envelope: Envelope): string => {
  const text = Buffer.from(JSON.stringify(envelope)).toString('base64url');
  return `${text}.${macOf(secret, text).toString('base64url')}`;
};

/** What a peer said who knows one of the secrets, or undefined for what none has. */
export const openEnvelope = (secrets: readonly Buffer[], value: unknown): Envelope | undefined => {
  if (typeof value !== 'string') return undefined;
  const [text = '', mac = ''] = value.split('.');
  const given = Buffer.from(mac, 'base64url');
  const isOurs = secrets.some((secret) => {
    const due = macOf(secret, text);
    return given.length === due.length && timingSafeEqual(given, due);
  });
  return isOurs ? (JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Envelope) : undefined;
};
