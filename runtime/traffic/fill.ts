/** How full limits are, key by key: for people, when they ask. What a key says is told to nobody. */
import { createHmac, randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { NO_KEY, tenantKey } from '../../policies/limit/tenant.ts';
import type { ConcurrencyLimitNode, CountingLimitNode, LimitNode } from '../../schema/graph/limit.ts';

export interface Fill {
  /** That count now: others are as full as if they had never been there. */
  readonly keys: number;
  /** The first has least left. */
  readonly fullest: readonly KeyFill[];
}

export interface KeyFill {
  /** The name of a tenant, or `all`, where there is but one key for either; else a digest that tells keys apart. */
  readonly key: string;
  /** What is taken of all that there may be; 1: nothing is left. */
  readonly used: number;
}

/** A limit that has keys. */
export type KeyedLimitNode = CountingLimitNode | ConcurrencyLimitNode;

/** What counts for a limit, and can be looked at. */
export interface Filled {
  /**
   * Shows all keys to `fullest`, by what `node`, of the kind that is counted here, lets through. Between two steps others
   * may have their turn, and keys may come and go. `nowMs` is the time of day.
   */
  fill(node: KeyedLimitNode, fullest: Fullest, nowMs: number): Generator<void>;
  /** What a key is shown as. */
  digestOf(key: string): Uint8Array;
}

/** Keys that are looked at in one step. */
export const KEYS_PER_STEP = 8192;

const TOLD_KEYS = 5;
/** Characters of a digest, of 16 values each: enough to tell the fullest apart. */
const LABEL_LENGTH = 12;

/** Known to this process alone, so that nobody finds out by trying which key a label stands for. */
const SECRET = randomBytes(32);

const hexOf = (digest: Uint8Array): string => Buffer.from(digest).toString('hex');

const labelOf = (digest: Uint8Array): string =>
  createHmac('sha256', SECRET).update(digest).digest('hex').slice(0, LABEL_LENGTH);

interface Shown {
  readonly used: number;
  readonly digest: Uint8Array;
}

/** The fullest of the keys that it is shown, however many these are. */
export class Fullest {
  #keys = 0;
  readonly #shown: Shown[] = [];

  /** Counts a key; whether `add` is to be called for it. */
  wants(used: number): boolean {
    this.#keys += 1;
    return this.#shown.length < TOLD_KEYS || used > this.#shown[TOLD_KEYS - 1]!.used;
  }

  /** @param digest that tells the key from all others of its limit */
  add(used: number, digest: Uint8Array): void {
    const at = this.#shown.findIndex((each) => each.used < used);
    this.#shown.splice(at < 0 ? this.#shown.length : at, 0, { used, digest });
    this.#shown.length = Math.min(this.#shown.length, TOLD_KEYS);
  }

  /** @param names of keys that are no secret, by their digests as hexadecimal text */
  told(names: ReadonlyMap<string, string>): Fill {
    return {
      keys: this.#keys,
      fullest: this.#shown.map(({ used, digest }) => ({
        key: names.get(hexOf(digest)) ?? labelOf(digest),
        used: Math.round(used * 1000) / 1000,
      })),
    };
  }
}

const namesOf = (
  { key }: KeyedLimitNode,
  tenants: readonly string[],
  filled: Filled,
): ReadonlyMap<string, string> => {
  if (key.length > 0) return new Map();
  const named = [[NO_KEY, 'all'], ...tenants.map((name) => [tenantKey(name, NO_KEY), name])] as const;
  return new Map(named.map(([text, name]) => [hexOf(filled.digestOf(text!)), name!]));
};

/**
 * How full each limit is, by name; without those for which `filled` has nothing.
 *
 * @param tenants their names
 * @param rest is called where there are many keys, so that others have their turn in between
 */
export const readFills = async (
  limits: Readonly<Record<string, LimitNode>>,
  tenants: readonly string[],
  filled: (node: KeyedLimitNode) => Filled | undefined,
  rest: () => Promise<unknown> = setImmediate,
): Promise<Readonly<Record<string, Fill>>> => {
  const fills: Record<string, Fill> = {};
  for (const node of Object.values(limits)) {
    if (node.type === 'bounds') continue;
    const found = filled(node);
    if (found === undefined) continue;
    const fullest = new Fullest();
    for (const _ of found.fill(node, fullest, Date.now())) await rest();
    fills[node.name] = fullest.told(namesOf(node, tenants, found));
  }
  return fills;
};
