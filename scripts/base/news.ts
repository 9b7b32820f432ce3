/** Releases of Node.js that came after the one that is pinned. */
import { readFile } from 'node:fs/promises';

/** Lists all releases, with those that mend what is insecure marked. */
export const RELEASES = 'https://nodejs.org/dist/index.json';

const TIMEOUT_MS = 20_000;
const MAX_BYTES = 16 * 2 ** 20;
const VERSION = /^v(\d{1,4})\.(\d{1,4})\.(\d{1,4})$/;

type Numbers = readonly [major: number, minor: number, patch: number];

interface Release {
  readonly version: Numbers;
  readonly security: boolean;
}

export interface News {
  /** The latest of the same major version, as `26.11.0`. */
  readonly latest: string;
  /** Whether any release since the pinned one mends what is insecure. */
  readonly security: boolean;
}

const numbersOf = (text: unknown): Numbers | undefined => {
  const parts = typeof text === 'string' ? VERSION.exec(text) : null;
  return parts === null ? undefined : [Number(parts[1]), Number(parts[2]), Number(parts[3])];
};

const compare = (one: Numbers, other: Numbers): number =>
  one[0] - other[0] || one[1] - other[1] || one[2] - other[2];

const fetchText = async (address: string): Promise<string> => {
  const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${address} answers ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body!) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`${address} is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const readReleases = (text: string): readonly Release[] => {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new Error('the index of releases is not a list');
  return list.flatMap((entry: { readonly version?: unknown; readonly security?: unknown } | null) => {
    const version = numbersOf(entry?.version);
    return version === undefined ? [] : [{ version, security: entry?.security === true }];
  });
};

/**
 * What came after the pinned version; undefined if nothing did. Rejects where that cannot be known: an index that does
 * not list the pinned version is not one to believe.
 */
export const newsSince = async (pinned: string, index: string): Promise<News | undefined> => {
  const version = numbersOf(`v${pinned}`);
  if (version === undefined) throw new Error(`no version of Node.js: ${pinned}`);
  const text = await (/^https?:/.test(index) ? fetchText(index) : readFile(index, 'utf8'));
  const releases = readReleases(text);
  if (!releases.some((release) => compare(release.version, version) === 0))
    throw new Error(`${index} does not list ${pinned}`);
  const later = releases
    .filter((release) => release.version[0] === version[0] && compare(release.version, version) > 0)
    .sort((one, other) => compare(other.version, one.version));
  if (later.length === 0) return undefined;
  return { latest: later[0]!.version.join('.'), security: later.some(({ security }) => security) };
};
