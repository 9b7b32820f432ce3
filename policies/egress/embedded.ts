/** IPv4 addresses that IPv6 addresses stand for, or lead to. */
import { isIPv6 } from 'node:net';

/** The eight groups of an IPv6 address that has no zone. */
const groupsOf = (address: string): readonly number[] => {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text =
    dotted === null
      ? address
      : address.slice(0, dotted.index) +
        [1, 3].map((at) => (Number(dotted[at]) * 256 + Number(dotted[at + 1])).toString(16)).join(':');
  const [before = [], after = []] = text
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16))));
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
};

const dottedOf = (high: number, low: number): string => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;

/** Prefixes of 96 bits before an IPv4 address: mapped (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052). */
const PREFIXES: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, 0xffff],
  [0, 0, 0, 0, 0xffff, 0],
  [0x64, 0xff9b, 0, 0, 0, 0],
];

/** IPv4-compatible (RFC 4291): loopback and small numbers have the same prefix. */
const COMPATIBLE = [0, 0, 0, 0, 0, 0];

const isNumberOnly = (address: string): boolean => address.startsWith('0.');

/**
 * What of IPv4 is embedded in an IPv6 address, by the notations that are fixed: those of 96 bits, 6to4 (RFC 3056), and
 * Teredo, of which both the server and the client count (RFC 4380).
 */
export const embeddedAddresses = (address: string): readonly string[] => {
  if (!isIPv6(address)) return [];
  const groups = groupsOf(address);
  const at = (index: number): string => dottedOf(groups[index]!, groups[index + 1]!);
  const begins = (prefix: readonly number[]): boolean =>
    prefix.every((group, index) => groups[index] === group);
  if (begins([0x2002])) return [at(1)];
  if (PREFIXES.some(begins)) return [at(6)];
  if (begins(COMPATIBLE)) return isNumberOnly(at(6)) ? [] : [at(6)];
  if (!begins([0x2001, 0])) return [];
  const client = dottedOf(groups[6]! ^ 0xffff, groups[7]! ^ 0xffff);
  return [at(2), client].filter((each) => !isNumberOnly(each));
};
