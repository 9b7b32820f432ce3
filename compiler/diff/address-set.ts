/** Sets of addresses, to see what one list of ranges admits that another does not. */
import { addressBytes, parseRange } from '../address.ts';

interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

/** Disjoint and in order, of each family. */
export interface AddressSet {
  readonly ipv4: readonly Interval[];
  readonly ipv6: readonly Interval[];
}

const BITS = { ipv4: 32n, ipv6: 128n } as const;
type Family = keyof typeof BITS;

const numberOf = (bytes: Uint8Array): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

const intervalOf = (text: string): { readonly family: Family; readonly interval: Interval } => {
  const { family, canonical, prefix } = parseRange(text)!;
  const first = numberOf(addressBytes(canonical.slice(0, canonical.indexOf('/'))));
  return { family, interval: { first, last: first + (1n << (BITS[family] - BigInt(prefix))) - 1n } };
};

const merged = (intervals: readonly Interval[]): readonly Interval[] => {
  const result: Interval[] = [];
  for (const each of intervals.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const last = result.at(-1);
    if (last === undefined || each.first > last.last + 1n) result.push(each);
    else if (each.last > last.last) result[result.length - 1] = { first: last.first, last: each.last };
  }
  return result;
};

/** The addresses of ranges in CIDR form. */
export const addressSet = (ranges: readonly string[]): AddressSet => {
  const parsed = ranges.map(intervalOf);
  const of = (family: Family) =>
    merged(parsed.filter((each) => each.family === family).map(({ interval }) => interval));
  return { ipv4: of('ipv4'), ipv6: of('ipv6') };
};

const without = (intervals: readonly Interval[], removed: readonly Interval[]): readonly Interval[] =>
  removed.reduce<readonly Interval[]>(
    (left, { first, last }) =>
      left.flatMap((each) => {
        if (last < each.first || first > each.last) return [each];
        const before = each.first < first ? [{ first: each.first, last: first - 1n }] : [];
        const after = each.last > last ? [{ first: last + 1n, last: each.last }] : [];
        return [...before, ...after];
      }),
    intervals,
  );

/** What is in `set` and not in `other`. */
export const subtract = (set: AddressSet, other: AddressSet): AddressSet => ({
  ipv4: without(set.ipv4, other.ipv4),
  ipv6: without(set.ipv6, other.ipv6),
});

const addressText = (value: bigint, family: Family): string => {
  const size = BITS[family] / 8n;
  const bytes = Array.from({ length: Number(size) }, (_, index) =>
    Number((value >> (8n * (size - 1n - BigInt(index)))) & 0xffn),
  );
  if (family === 'ipv4') return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
  return parseRange(groups.join(':'))!.canonical.replace('/128', '');
};

/** The largest range that begins where an interval does and ends within it. */
const leading = ({ first, last }: Interval, bits: bigint): bigint => {
  let size = 1n;
  for (let length = 0n; length < bits; length += 1n) {
    const next = size << 1n;
    if (first % next !== 0n || first + next - 1n > last) break;
    size = next;
  }
  return size;
};

const rangesOf = (interval: Interval, family: Family): readonly string[] => {
  const ranges: string[] = [];
  const { last } = interval;
  for (let { first } = interval; first <= last; ) {
    const size = leading({ first, last }, BITS[family]);
    const prefix = BITS[family] - BigInt(size.toString(2).length - 1);
    ranges.push(`${addressText(first, family)}/${prefix}`);
    first += size;
  }
  return ranges;
};

/** As few ranges in CIDR form as there can be. */
export const rangesText = (set: AddressSet): readonly string[] => [
  ...set.ipv4.flatMap((interval) => rangesOf(interval, 'ipv4')),
  ...set.ipv6.flatMap((interval) => rangesOf(interval, 'ipv6')),
];
