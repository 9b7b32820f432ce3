/** The keys of an issuer while they are in use: local ones for ever, remote ones fetched and kept fresh. */
import { isDeepStrictEqual } from 'node:util';
import type { JwtIdentityNode } from '../../schema/graph/identity.ts';
import { loadUndici } from '../undici.ts';
import { discoverJwksUri } from './discovery.ts';
import { fetchJson } from './fetch-json.ts';
import { type JwkSet, readJwkSet } from './jwk-set.ts';

/** After this time, keys are fetched again while the old ones serve. */
export const FRESH_MS = 10 * 60_000;
/** Keys that could not be fetched again are trusted this long after they were last fetched. */
export const STALE_MS = 4 * 3_600_000;
/** The least time between two fetches, however many unknown keys are named by tokens. */
export const COOL_DOWN_MS = 30_000;
/** The same after a fetch that failed. */
export const RETRY_MS = 5_000;
/** A fetch, discovery included, takes no longer; who waits for it is told that nothing can be said. */
const FETCH_TIMEOUT_MS = 5_000;

/** An issuer's keys. */
export interface IssuerKeys {
  /**
   * The keys at hand, or undefined. The same object for as long as the keys are the same. Starts a fetch in the
   * background when they are due; costs two comparisons otherwise.
   */
  current(nowMs: number): JwkSet | undefined;
  /**
   * Fetches the keys, unless that was done within the cool-down; callers at one time share one fetch.
   * Resolves to whether the last fetch succeeded; never rejects.
   */
  refresh(nowMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/** Keys that came with the configuration. */
export const localKeys = (document: unknown): IssuerKeys => {
  const set = readJwkSet(document);
  return { current: () => set, refresh: async () => true, close: async () => {} };
};

/** Keys published by an issuer. */
class RemoteKeys implements IssuerKeys {
  readonly #issuer: string;
  readonly #url: string | undefined;
  readonly #onFailure: (error: unknown) => void;
  readonly #agent = loadUndici().then(
    ({ Agent }) => new Agent({ connect: { timeout: 3_000 }, keepAliveTimeout: 1_000 }),
  );
  #document: unknown;
  #set: JwkSet | undefined;
  #fetchedMs = 0;
  #attemptedMs = Number.NEGATIVE_INFINITY;
  #failed = false;
  #closed = false;
  #pending: Promise<boolean> | undefined;

  constructor(issuer: string, url: string | undefined, onFailure: (error: unknown) => void) {
    this.#issuer = issuer;
    this.#url = url;
    this.#onFailure = onFailure;
  }

  current(nowMs: number): JwkSet | undefined {
    if (this.#set === undefined) return undefined;
    const ageMs = nowMs - this.#fetchedMs;
    if (ageMs >= 0 && ageMs < FRESH_MS) return this.#set;
    if (ageMs >= STALE_MS) {
      this.#set = undefined;
      this.#document = undefined;
    }
    void this.refresh(nowMs);
    return this.#set;
  }

  refresh(nowMs: number): Promise<boolean> {
    if (this.#pending !== undefined) return this.#pending;
    const sinceMs = nowMs - this.#attemptedMs;
    const coolDownMs = this.#failed ? RETRY_MS : COOL_DOWN_MS;
    if (this.#closed || (sinceMs >= 0 && sinceMs < coolDownMs)) return Promise.resolve(!this.#failed);
    this.#attemptedMs = nowMs;
    this.#pending = this.#fetch(nowMs).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#agent).destroy();
  }

  async #fetch(nowMs: number): Promise<boolean> {
    try {
      const agent = await this.#agent;
      const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
      const url = this.#url ?? (await discoverJwksUri(this.#issuer, agent, signal));
      const document = await fetchJson(url, agent, signal);
      const set = readJwkSet(document);
      if (set === undefined) throw new Error(`${url}: not a JSON Web Key Set`);
      this.#fetchedMs = nowMs;
      this.#failed = false;
      if (!isDeepStrictEqual(document, this.#document)) {
        this.#document = document;
        this.#set = set;
      }
      return true;
    } catch (error) {
      this.#failed = true;
      if (!this.#closed) this.#onFailure(error);
      return false;
    }
  }
}

/** The keys that a node names. Remote ones are asked for when the first token needs them, or by `refresh`. */
export const openIssuerKeys = (
  node: Pick<JwtIdentityNode, 'issuer' | 'keys'>,
  onFailure: (error: unknown) => void,
): IssuerKeys => {
  switch (node.keys.type) {
    case 'local':
      return localKeys(node.keys.jwks);
    case 'remote':
      return new RemoteKeys(node.issuer, node.keys.url, onFailure);
    case 'discovery':
      return new RemoteKeys(node.issuer, undefined, onFailure);
  }
};
