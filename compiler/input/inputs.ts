/** Files that the configuration names and that are compiled with it. */
import type { ApiKeyEntry } from '../../schema/graph/identity.ts';

export interface Inputs {
  /** Keys of each `api-key` identity, sorted by id. */
  readonly keys: ReadonlyMap<string, readonly ApiKeyEntry[]>;
  /** Key sets of the `jwt` identities that have a `jwksFile`. */
  readonly jwks: ReadonlyMap<string, { readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
}
