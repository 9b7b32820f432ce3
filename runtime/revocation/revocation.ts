/** What is revoked, as a statement in a table that all threads and replicas hold. */
import type { Principal } from '../../schema/principal.ts';
import type { Statement } from '../state/stored-table.ts';

/** `key`: an API key by its id; `token`: a JWT by its `jti`; `subject`: whoever an issuer's tokens say this of. */
export type RevokedKind = 'key' | 'token' | 'subject';

/** Whom or what a statement is about. */
export interface RevokedName {
  readonly kind: RevokedKind;
  /** The name in `identity` that vouches for it. */
  readonly identity: string;
  readonly id: string;
}

/** What is said of it. */
export interface RevokedValue {
  readonly is: 'revoked' | 'lifted';
  /** As whoever did it put it. */
  readonly reason?: string;
}

export interface Revocation extends RevokedName, RevokedValue {
  readonly atMs: number;
  /** `FOREVER_MS` if it has no end. */
  readonly untilMs: number;
}

/** Characters of an id, as large as ids in tokens are. */
export const MAX_ID_LENGTH = 512;
export const MAX_REASON_LENGTH = 256;

const NAME = /^(key|token|subject):([^:]{1,64}):(.+)$/su;

export const nameOf = ({ kind, identity, id }: RevokedName): string => `${kind}:${identity}:${id}`;

const readValue = (text: string): RevokedValue | undefined => {
  try {
    const value = JSON.parse(text) as Partial<RevokedValue> | null;
    if (value?.is !== 'revoked' && value?.is !== 'lifted') return undefined;
    const { is, reason } = value;
    if (reason === undefined) return { is };
    return typeof reason === 'string' && reason.length <= MAX_REASON_LENGTH ? { is, reason } : undefined;
  } catch {
    return undefined;
  }
};

/** What a statement says; undefined if it is none of this kind. */
export const readRevocation = (statement: Statement): Revocation | undefined => {
  const { name, atMs, untilMs } = statement;
  const value = readValue(statement.value);
  const [, kind, identity, id] = NAME.exec(name) ?? [];
  if (value === undefined || id === undefined || id.length > MAX_ID_LENGTH) return undefined;
  return { kind: kind as RevokedKind, identity: identity!, id, ...value, atMs, untilMs };
};

/** The names under which a caller can be revoked. */
export const namesFor = ({ kind, key, identity, claims }: Principal): readonly string[] => {
  if (kind === 'api-key') return [`key:${key}`];
  const subject = `subject:${key}`;
  return typeof claims.jti === 'string' ? [subject, `token:${identity}:${claims.jti}`] : [subject];
};
