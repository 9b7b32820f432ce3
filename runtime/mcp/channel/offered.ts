/** Which legacy revisions the client of a channel may choose from. */
import { FIRST_VERSION } from '../revision.ts';
import type { Place } from '../server.ts';

/** The first revision with streamable HTTP. */
const SECOND_VERSION = '2025-03-26';

/** The server's, newest first, and before the oldest of them the one that has no streamable HTTP. */
export const offeredWithFirst = ({ server: { legacyVersions } }: Place): readonly string[] =>
  legacyVersions.includes(SECOND_VERSION) && !legacyVersions.includes(FIRST_VERSION)
    ? [...legacyVersions, FIRST_VERSION]
    : legacyVersions;
