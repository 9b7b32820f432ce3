import { type AddressRules, canonicalAddress } from './address-rules.ts';

/** More hops than anybody has. */
const MAX_HOPS = 32;

const WITH_PORT = /^(?:(\d{1,3}(?:\.\d{1,3}){3})|\[([0-9a-fA-F:.]+)\])(?::\d{1,5})?$/;

/** A node of either header as canonical address, its port dropped; undefined if it names no address. */
const nodeAddress = (text: string): string | undefined => {
  const parts = WITH_PORT.exec(text);
  if (parts !== null) return canonicalAddress(parts[1] ?? parts[2]!);
  return text.includes('%') ? undefined : canonicalAddress(text);
};

/** Walks hops from the nearest: the first that is no proxy of ours, or else the farthest. */
const firstUntrusted = (hops: readonly string[], rules: AddressRules): string | undefined => {
  if (hops.length > MAX_HOPS) return undefined;
  let address: string | undefined;
  for (let i = hops.length - 1; i >= 0; i -= 1) {
    address = nodeAddress(hops[i]!.trim());
    if (address === undefined || !rules.trusts(address)) return address;
  }
  return address;
};

const PAIR =
  /[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([!#$%&'*+.^_`|~0-9A-Za-z-]+|"(?:[^"\\]|\\.)*")[ \t]*([;,]|$)/y;

/** The `for` of each element of a Forwarded header (RFC 7239, 4); undefined if any has none or it is malformed. */
const forwardedHops = (header: string): string[] | undefined => {
  const hops: string[] = [];
  let hop: string | undefined;
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < header.length) {
    const pair = PAIR.exec(header);
    if (pair === null) return undefined;
    const value = pair[2]!;
    if (pair[1]!.toLowerCase() === 'for') {
      if (hop !== undefined) return undefined;
      hop = value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
    }
    if (pair[3] === ';') continue;
    if (hop === undefined) return undefined;
    hops.push(hop);
    hop = undefined;
    if (pair[3] === ',' && PAIR.lastIndex >= header.length) return undefined;
  }
  return hop === undefined && hops.length > 0 ? hops : undefined;
};

/**
 * The client's address as a trusted proxy tells it, by Forwarded (RFC 7239) or X-Forwarded-For: walked from the
 * right past trusted addresses, so that what a client wrote itself is never reached. Without either header it
 * is `peer`. Undefined where the headers are malformed, name no address (`unknown`, obfuscated) or contradict
 * each other: a proxy that writes one of them passes the other through, so a caller may have written it.
 */
export const forwardedAddress = (
  peer: string,
  forwarded: string | undefined,
  forwardedFor: string | undefined,
  rules: AddressRules,
): string | undefined => {
  let address: string | undefined = peer;
  if (forwardedFor !== undefined) address = firstUntrusted(forwardedFor.split(','), rules);
  if (forwarded === undefined || address === undefined) return address;
  const hops = forwardedHops(forwarded);
  const told = hops === undefined ? undefined : firstUntrusted(hops, rules);
  return forwardedFor === undefined || told === address ? told : undefined;
};
