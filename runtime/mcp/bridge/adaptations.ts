/** Which adaptation a client and a link need: found by their revisions, made once for each. */
import type { Link } from '../../upstream/link.ts';
import type { ClientInfo } from '../call.ts';
import { LEGACY_REVISIONS } from '../revision.ts';
import type { Adaptation } from './adaptation.ts';
import { sameLegacy, sameModern } from './same-era.ts';
import { toLegacy } from './to-legacy.ts';
import { toModern } from './to-modern.ts';
import { toOlder } from './to-older.ts';

const byRevision = (make: (revision: string) => Adaptation): ReadonlyMap<string, Adaptation> =>
  new Map(LEGACY_REVISIONS.map((revision) => [revision, make(revision)]));

const MODERN = byRevision(toModern);
const OLDER = byRevision(toOlder);

/** The adaptation between a client and a link; without a link, that of its own era. */
export const adaptationOf = (
  { era, revision }: Pick<ClientInfo, 'era' | 'revision'>,
  link: Pick<Link, 'era' | 'peer'> | undefined,
): Adaptation => {
  if (era === 'modern') return link?.era === 'legacy' ? toLegacy : sameModern;
  if (link === undefined) return sameLegacy;
  if (link.era === 'modern') return MODERN.get(revision)!;
  return link.peer.protocolVersion <= revision ? sameLegacy : OLDER.get(revision)!;
};
