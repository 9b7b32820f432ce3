import { isIPv6 } from 'node:net';

/** Where a replica is reached. */
export interface LinkAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * `host:port`; undefined for what is none. An IPv6 address may do without brackets, as what stands before the last colon
 * is one: a pod is told its address without.
 */
export const readLinkAddress = (text: string): LinkAddress | undefined => {
  const end = text.lastIndexOf(':');
  const host = text.slice(0, Math.max(0, end)).replace(/^\[(.*)\]$/, '$1');
  const port = Number(text.slice(end + 1));
  const isPort = /^\d{1,5}$/.test(text.slice(end + 1)) && port > 0 && port <= 65_535;
  return isPort && (isIPv6(host) || /^[\w.-]{1,253}$/.test(host)) ? { host, port } : undefined;
};
