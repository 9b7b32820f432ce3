/** The list of the artifacts that are kept in a folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../schema/canonical-json.ts';

/** One artifact that was served; it lies beside the list in `<hash>.json`. */
export interface AcceptedEntry {
  readonly hash: string;
  /** ISO 8601. */
  readonly at: string;
}

const INDEX_FILE = 'accepted.json';
const FORMAT_VERSION = 1;

export const indexFileIn = (folder: string): string => join(folder, INDEX_FILE);

/** Where an artifact with this hash is kept. */
export const artifactFileIn = (folder: string, hash: string): string => join(folder, `${hash}.json`);

const isEntry = (value: unknown): value is AcceptedEntry => {
  const { hash, at } = (value ?? {}) as Record<string, unknown>;
  return typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash) && typeof at === 'string';
};

/** What is kept, newest first; nothing where there is no list yet. Throws if the list cannot be read or is none. */
export const readIndex = (folder: string): readonly AcceptedEntry[] => {
  let text: string;
  try {
    text = readFileSync(indexFileIn(folder), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const { formatVersion, accepted } = (value ?? {}) as Record<string, unknown>;
  if (formatVersion === FORMAT_VERSION && Array.isArray(accepted) && accepted.every(isEntry)) return accepted;
  throw new Error(`${indexFileIn(folder)} is no list of accepted artifacts`);
};

export const indexText = (accepted: readonly AcceptedEntry[]): string =>
  `${canonicalJson({ formatVersion: FORMAT_VERSION, accepted })}\n`;
