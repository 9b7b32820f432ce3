import { isIP } from 'node:net';

/** Which `Host` values a listener answers to: the guard against DNS rebinding. */
export interface HostRules {
  /** `host` as sent: name or address, with or without port. Compares without regard to case. */
  admits(host: string): boolean;
}

const HOST = /^(\[[0-9a-f:.]+\]|[^\s:@/?#[\]]+)(?::\d{1,5})?$/;
const MAX_REMEMBERED = 64;

const isAddress = (name: string): boolean => isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;

/**
 * Compiles an allowlist of lower case hosts; an entry without port admits any port. Empty admits nothing. With
 * `addresses`, addresses are admitted although they are not listed: what is rebound is a name.
 */
export const compileHostRules = (
  hosts: readonly string[],
  { addresses }: { readonly addresses: boolean } = { addresses: false },
): HostRules => {
  const listed = new Set(hosts);
  const admitted = new Set<string>();
  const matches = (host: string): boolean => {
    const lower = host.toLowerCase();
    const name = HOST.exec(lower)?.[1];
    return name !== undefined && (listed.has(lower) || listed.has(name) || (addresses && isAddress(name)));
  };
  return {
    admits: (host) => {
      if (admitted.has(host)) return true;
      if (!matches(host)) return false;
      if (admitted.size < MAX_REMEMBERED) admitted.add(host);
      return true;
    },
  };
};
