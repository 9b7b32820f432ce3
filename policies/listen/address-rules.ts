import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net';
import type { ListenerNode } from '../../schema/graph/listener.ts';

/** Who may reach a listener, and whose word on the client's address counts. */
export interface AddressRules {
  /** `deny` wins over `allow`. An address that is no IP address (unix socket) is admitted without `allow` only. */
  admits(address: string): boolean;
  /**
   * Whether the peer is a proxy of ours. A peer without address came through a unix socket, which the file
   * system guards: it is trusted where any proxy is.
   */
  trusts(address: string): boolean;
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/**
 * The one spelling of an IP address: IPv6 as inet_ntop has it, IPv4-mapped IPv6 as IPv4, without zone.
 * Undefined for what is no address.
 */
export const canonicalAddress = (text: string): string | undefined => {
  if (isIPv4(text)) return text;
  const zone = text.indexOf('%');
  const address = zone === -1 ? text : text.slice(0, zone);
  if (isIP(address) !== 6) return undefined;
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  return MAPPED.exec(canonical)?.[1] ?? canonical;
};

const blockListOf = (cidrs: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const slash = cidr.indexOf('/');
    const address = slash === -1 ? cidr : cidr.slice(0, slash);
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (slash === -1) list.addAddress(address, family);
    else list.addSubnet(address, Number(cidr.slice(slash + 1)), family);
  }
  return list;
};

const contains = (list: BlockList, address: string): boolean => {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
};

/** Compiles a listener's `ip` and `trustedProxies`; addresses asked about must be canonical. */
export const compileAddressRules = (node: Pick<ListenerNode, 'ip' | 'trustedProxies'>): AddressRules => {
  const allow = node.ip.allow === undefined ? undefined : blockListOf(node.ip.allow);
  const deny = node.ip.deny.length === 0 ? undefined : blockListOf(node.ip.deny);
  const proxies = node.trustedProxies.length === 0 ? undefined : blockListOf(node.trustedProxies);
  return {
    admits: (address) =>
      (deny === undefined || !contains(deny, address)) && (allow === undefined || contains(allow, address)),
    trusts: (address) => proxies !== undefined && (address === '' || contains(proxies, address)),
  };
};
