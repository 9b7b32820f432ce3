import { createSecureContext } from 'node:tls';
import { compileAddressRules } from '../../policies/listen/address-rules.ts';
import { compileHostRules } from '../../policies/listen/host-rules.ts';
import { compileOriginRules } from '../../policies/listen/origin-rules.ts';
import type { ListenerNode } from '../../schema/graph/listener.ts';
import type { Handler, PreparedListener } from '../generation.ts';
import type { RateLimiter } from '../traffic/rate.ts';
import type { Upgrade } from './upgrade.ts';
import { prepareDocuments } from './well-known.ts';

const NO_UPGRADES: ReadonlyMap<string, Upgrade> = new Map();

/**
 * Computes all of a listener that no request changes. `routes` and `documents` are by exact path.
 * Throws if the TLS material cannot be used, so that a bad certificate never reaches a live socket.
 */
export const prepareListener = (
  node: ListenerNode,
  routes: ReadonlyMap<string, Handler>,
  documents: Readonly<Record<string, string>>,
  upgrades: ReadonlyMap<string, Upgrade> = NO_UPGRADES,
  handshakes?: RateLimiter,
): PreparedListener => {
  if (node.tls !== undefined) createSecureContext({ cert: node.tls.certificate, key: node.tls.key });
  const replyHeaders = node.headers.flat();
  if (node.origins.length > 0) replyHeaders.push('vary', 'Origin');
  return {
    name: node.name,
    node,
    addresses: compileAddressRules(node),
    // Which services may be asked by address is for their routes to say.
    hosts: compileHostRules(node.hosts, { addresses: node.serve.length > 0 }),
    origins: compileOriginRules(node.origins, replyHeaders),
    replyHeaders,
    documents: prepareDocuments(documents),
    routes,
    upgrades,
    handshakes,
  };
};
