/**
 * The ids of legacy sessions. Sealed: who holds one cannot read it, and it is of no use with another principal or
 * server (MCP 2025-11-25, security best practices, Session Hijacking). A live session is found by the text of its id;
 * the id is opened only to tell where one comes from that is not live here.
 */
import type { Sealer } from '../../sealing/sealer.ts';

/** What an id says. */
export interface SessionOrigin {
  /** The process that holds what is live of the session. */
  readonly owner: string;
  /** When it began, in ms since 1970. */
  readonly createdMs: number;
}

/** Whom an id is good for. */
export interface SessionBinding {
  readonly principalKey: string;
  readonly serverName: string;
}

const boundTo = ({ principalKey, serverName }: SessionBinding): readonly string[] => [
  principalKey,
  serverName,
];

/** A new id; no two are alike. */
export const sealSessionId = (sealer: Sealer, binding: SessionBinding, origin: SessionOrigin): string =>
  sealer.seal('session', boundTo(binding), `${origin.owner} ${origin.createdMs.toString(36)}`);

/** Ids are far shorter; what is longer is none. */
const MAX_ID_LENGTH = 512;
const ORIGIN = /^([A-Za-z0-9_.-]+) ([0-9a-z]+)$/;

/** What an id says, or undefined for one that was not made for this principal and server with a key that is known. */
export const openSessionId = (
  sealer: Sealer,
  binding: SessionBinding,
  id: string,
): SessionOrigin | undefined => {
  if (id.length > MAX_ID_LENGTH) return undefined;
  const match = ORIGIN.exec(sealer.open('session', boundTo(binding), id) ?? '');
  return match === null ? undefined : { owner: match[1]!, createdMs: Number.parseInt(match[2]!, 36) };
};
