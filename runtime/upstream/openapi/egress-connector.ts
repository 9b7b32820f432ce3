/** Connections that go where the egress rules allow, whatever a name resolves to when they are made. */
import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { Egress } from '../../../policies/egress/egress.ts';

/** A connection that the rules forbid. Its message is for the log. */
export class EgressRefused extends Error {
  readonly code = 'EGRESS_REFUSED';
}

/**
 * The addresses are checked that the connection is then made to: between this lookup and the connection there is no
 * other, so that a name which changes its mind gains nothing.
 */
const guardedLookup =
  (egress: Egress): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      const allowed = found.filter(({ address }) => egress(address));
      const [first] = allowed;
      if (first === undefined) {
        const addresses = found.map(({ address }) => address).join(', ');
        callback(new EgressRefused(`egress does not allow ${addresses} (${hostname})`), '', 0);
      } else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };

/** A connector for undici. */
export const egressConnector = (
  egress: Egress,
  options: { readonly timeout: number; readonly ca?: string },
): buildConnector.connector => {
  const connect = buildConnector({ ...options, allowH2: false, lookup: guardedLookup(egress) });
  return (target, callback) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    // Node.js looks no address up.
    if (isIP(host) !== 0 && !egress(host)) callback(new EgressRefused(`egress does not allow ${host}`), null);
    else connect(target, callback);
  };
};
