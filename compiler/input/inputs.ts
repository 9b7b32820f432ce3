/** Files that the configuration names and that are compiled with it. */
import type { ApiKeyEntry } from '../../schema/graph/identity.ts';
import { LOCK_FILE, type Lock } from '../../schema/lock/lock.ts';
import { type Configuration, isSound, placeAt } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import { given } from '../lower/measure.ts';
import { decode } from '../source/decode.ts';
import type { Files } from '../source/files.ts';
import type { Place, SourceFile } from '../source/source-file.ts';
import { readJwksFile } from './jwks-file.ts';
import { readKeysFile } from './keys-file.ts';
import { MAX_LOCK_BYTES, readLockFile } from './lock-file.ts';
import { type ApiSpec, MAX_SPEC_BYTES, readOpenApiFile } from './openapi-file.ts';

export type JwkSet = { readonly keys: readonly Readonly<Record<string, unknown>>[] };

export interface Inputs {
  /** Keys of each `api-key` identity, sorted by id. */
  readonly keys: ReadonlyMap<string, readonly ApiKeyEntry[]>;
  /** Key sets of the `jwt` identities that have a `jwksFile`. */
  readonly jwks: ReadonlyMap<string, JwkSet>;
  /** What the documents of `openapi` upstreams say. */
  readonly specs: ReadonlyMap<string, ApiSpec>;
  /** What was approved of; absent if there is no lock, or none that can be believed. */
  readonly lock?: Lock;
}

const openInput = (
  files: Files,
  path: string,
  place: Place,
  report: Report,
  maxBytes?: number,
): SourceFile | undefined => {
  const asked = files.beside(path, place.file.path);
  const bytes = files.open(asked);
  if (bytes) return decode(asked, bytes, report, maxBytes);
  report('GW0001', place, { path: asked, why: files.whyUnread(asked) });
  return undefined;
};

const readSpecs = (config: Configuration, files: Files, report: Report): ReadonlyMap<string, ApiSpec> => {
  const specs = new Map<string, ApiSpec>();
  for (const [name, upstream] of Object.entries(config.data.upstreams)) {
    if (upstream.type !== 'openapi' || !isSound(config, 'upstreams', name)) continue;
    const place = placeAt(config, 'upstreams', name, 'spec');
    const file = openInput(files, upstream.spec, place, report, MAX_SPEC_BYTES);
    const spec = file && readOpenApiFile(file, config, name, upstream, report);
    if (spec) specs.set(name, spec);
  }
  return specs;
};

/** The lock needs no name in the configuration: it lies beside it, or there is none. */
const readLock = (config: Configuration, files: Files, report: Report): Lock | undefined => {
  const path = files.beside(LOCK_FILE, config.tree.place.file.path);
  const bytes = files.open(path);
  const file = bytes && decode(path, bytes, report, MAX_LOCK_BYTES);
  return file && readLockFile(file, config, report);
};

/** Reads the files that identities and upstreams name. Findings are in the file that causes them. */
export const readInputs = (
  config: Configuration,
  files: Files,
  report: Report,
  isLocking: boolean,
): Inputs => {
  const keys = new Map<string, readonly ApiKeyEntry[]>();
  const jwks = new Map<string, JwkSet>();
  for (const [name, identity] of Object.entries(config.data.identity)) {
    const key = identity.type === 'jwt' ? 'jwksFile' : 'keysFile';
    const path = identity.type === 'jwt' ? identity.jwksFile : identity.keysFile;
    const file = path && openInput(files, path, placeAt(config, 'identity', name, key), report);
    if (!file) continue;
    if (identity.type === 'jwt') {
      const set = readJwksFile(file, report);
      if (set) jwks.set(name, set);
    } else keys.set(name, readKeysFile(file, config, name, report));
  }
  return {
    keys,
    jwks,
    specs: readSpecs(config, files, report),
    ...given('lock', isLocking ? undefined : readLock(config, files, report)),
  };
};
