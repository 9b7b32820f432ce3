/** Addresses, ranges and hosts: parsing and canonical forms. No name is looked up. */
import { BlockList, isIP, SocketAddress } from 'node:net';

export interface AddressRange {
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  readonly prefix: number;
  /** The range with its host bits cleared. */
  readonly canonical: string;
  /** Whether `address` had bits set beyond `prefix`. */
  readonly hasHostBits: boolean;
}

/** Bytes of an address in network order. */
export const addressBytes = (address: string): Uint8Array => {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.'), Number);
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(canonical);
  const hex = dotted
    ? `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
    : canonical;
  const [head = '', tail] = hex.split('::');
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const all = [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
};

const formatBytes = (bytes: Uint8Array): string => {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
};

/** A single address or a range in CIDR form; undefined if it is neither. */
export const parseRange = (text: string): AddressRange | undefined => {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return undefined;
  const bits = version === 4 ? 32 : 128;
  const suffix = slash < 0 ? String(bits) : text.slice(slash + 1);
  const prefix = Number(suffix);
  if (!/^\d{1,3}$/.test(suffix) || prefix > bits) return undefined;
  const bytes = addressBytes(address);
  const network = bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - 8 * index))));
  return {
    family: version === 4 ? 'ipv4' : 'ipv6',
    address,
    prefix,
    canonical: `${formatBytes(network)}/${prefix}`,
    hasHostBits: bytes.some((byte, index) => byte !== network[index]),
  };
};

/** Whether every address of `inner` is one of `outer`. */
export const rangeHas = (outer: AddressRange, inner: AddressRange): boolean => {
  if (outer.family !== inner.family || outer.prefix > inner.prefix) return false;
  const network = parseRange(`${inner.address}/${outer.prefix}`);
  return network?.canonical === outer.canonical;
};

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether a host, without port and brackets, is this machine itself: a loopback address or `localhost`. */
export const isLoopbackHost = (host: string): boolean => {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost' || bare.endsWith('.localhost')) return true;
  const version = isIP(bare);
  return version !== 0 && LOOPBACK.check(bare, version === 4 ? 'ipv4' : 'ipv6');
};

/** An address in its one canonical spelling. */
export const canonicalAddress = (address: string): string =>
  isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address;

/** A host name: letters, digits, hyphens and dots (RFC 1123), underscores tolerated. */
export const isHostName = (host: string): boolean =>
  host.length <= 253 &&
  /^(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*\.?$/i.test(host) &&
  !/^[\d.]+$/.test(host);

export type ParsedBind =
  | { readonly type: 'tcp'; readonly host: string; readonly port: number }
  | { readonly type: 'unix'; readonly path: string };

/** `address:port`, `[v6]:port`, `localhost:port` or `unix:/path`; undefined if it is none of them. */
export const parseBind = (text: string): ParsedBind | undefined => {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return /^\.{0,2}\/[^\0]+$/.test(path) ? { type: 'unix', path } : undefined;
  }
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) return undefined;
  if (match[1] !== undefined) {
    return isIP(match[1]) === 6 && !match[1].includes('%')
      ? { type: 'tcp', host: canonicalAddress(match[1]), port }
      : undefined;
  }
  const host = match[2]!.toLowerCase();
  return isIP(host) === 4 || host === 'localhost' ? { type: 'tcp', host, port } : undefined;
};

/** Whether a host stands for all addresses of the machine. */
export const isWildcardHost = (host: string): boolean => host === '0.0.0.0' || host === '::';

const LOCALHOST = ['127.0.0.1', '::1'];

const meet = (a: string, b: string): boolean => {
  if (a === b || a === '::' || b === '::') return true;
  if (a === '0.0.0.0') return !b.includes(':');
  if (b === '0.0.0.0') return !a.includes(':');
  return (a === 'localhost' && LOCALHOST.includes(b)) || (b === 'localhost' && LOCALHOST.includes(a));
};

/** Whether two sockets cannot be bound at once. A wildcard takes its port on every address. */
export const bindsOverlap = (a: ParsedBind, b: ParsedBind): boolean => {
  if (a.type === 'unix' || b.type === 'unix')
    return a.type === b.type && 'path' in a && 'path' in b && a.path === b.path;
  return a.port !== 0 && a.port === b.port && meet(a.host, b.host);
};
