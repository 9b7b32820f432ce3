/** Values of an evaluation as a reader is shown them. */
import type { CelError, CelValue } from '@bufbuild/cel';
import { UNKNOWN } from './environment.ts';
import { celLibrary } from './late-library.ts';
import { isMissing } from './program.ts';

/**
 * - `value`: as JSON. Whole numbers beyond what JSON holds, and points in time, are texts.
 * - `missing`: there is no such member, or it does not apply to the call.
 * - `unknown`: not known yet, as arguments in a list.
 * - `error`: it has no value, for this reason.
 */
export type ShownValue =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'missing' | 'unknown' }
  | { readonly kind: 'error'; readonly problem: string };

/** Text of a caller's is shown this far. */
const MAX_TEXT = 500;
const MAX_ITEMS = 50;

/** What an evaluation came to. */
export const shownValue = (outcome: CelValue | CelError | typeof UNKNOWN): ShownValue => {
  if (outcome === UNKNOWN) return { kind: 'unknown' };
  if (!celLibrary().isCelError(outcome)) return { kind: 'value', value: plain(outcome) };
  return isMissing(outcome) ? { kind: 'missing' } : { kind: 'error', problem: outcome.message };
};

const plain = (value: CelValue): unknown => {
  switch (typeof value) {
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'string':
      return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
    case 'boolean':
      return value;
    default:
      return value === null ? null : plainObject(value);
  }
};

const plainObject = (value: Exclude<CelValue, null | string | number | bigint | boolean>): unknown => {
  const { isCelList, isCelMap, isCelUint } = celLibrary();
  if (isCelList(value)) return Array.from(value).slice(0, MAX_ITEMS).map(plain);
  if (isCelMap(value)) {
    const entries = Array.from(value).slice(0, MAX_ITEMS);
    return Object.fromEntries(entries.map(([key, member]) => [keyText(key), plain(member)]));
  }
  if (isCelUint(value)) return plain(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return 'message' in value ? timeText(value.message) : String(value);
};

const keyText = (key: CelValue): string => (celLibrary().isCelUint(key) ? String(key.value) : String(key));

const NANOS_PER_MS = 1_000_000;

/** A timestamp as RFC 3339 has it, a duration in seconds. */
const timeText = (message: object): string => {
  const { $typeName, seconds, nanos } = message as { $typeName: string; seconds: bigint; nanos: number };
  if ($typeName.endsWith('Duration')) return `${Number(seconds) + nanos / 1e9}s`;
  return new Date(Number(seconds) * 1000 + Math.floor(nanos / NANOS_PER_MS)).toISOString();
};
