/** Connections go where the egress rules allow, whatever a name resolves to when they are made. */
import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Egress } from '../../../policies/egress/egress.ts';

/** A connection that the rules forbid. Its message is for the log. */
export class EgressRefused extends Error {
  readonly code = 'EGRESS_REFUSED';
}

/**
 * The addresses are checked that the connection is then made to: between this lookup and the connection there is no
 * other, so that a name which changes its mind gains nothing.
 */
export const guardedLookup =
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

/** Why there can be no connection to `host` where it is an address, which Node.js does not look up. */
export const refusedAddress = (egress: Egress, host: string): EgressRefused | undefined =>
  isIP(host) !== 0 && !egress(host) ? new EgressRefused(`egress does not allow ${host}`) : undefined;
