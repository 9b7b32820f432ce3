/** Whether who was admitted under one graph is admitted under the next, without showing a credential again. */
import { canonicalJson } from '../../schema/canonical-json.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { ApiKeyIdentityNode } from '../../schema/graph/identity.ts';
import type { ListenerNode } from '../../schema/graph/listener.ts';
import type { Principal } from '../../schema/principal.ts';
import { type AddressRules, compileAddressRules } from '../listen/address-rules.ts';
import { missingScope } from './verdict.ts';

/** A caller who has something open, as it was let in. */
export interface Admitted {
  readonly principal: Principal;
  /** Name of the server. */
  readonly server: string;
  /** Name of the listener; of none in the graph where it came over pipes. */
  readonly listener: string;
  /** Where it was let in; undefined for what is bound to no place, as a session. */
  readonly path: string | undefined;
  /** Address of the other end of its connection. */
  readonly peer: string;
  /** Its own address: the peer's, or what a trusted proxy said. */
  readonly clientAddress: string;
}

/** A question that is asked for many, once at each change: each part is answered once. */
const answeredOnce = (ask: (name: string) => boolean): ((name: string) => boolean) => {
  const known = new Map<string, boolean>();
  return (name) => {
    let answer = known.get(name);
    if (answer === undefined) {
      answer = ask(name);
      known.set(name, answer);
    }
    return answer;
  };
};

const isSame = (one: unknown, other: unknown): boolean =>
  one !== undefined && other !== undefined && canonicalJson(one) === canonicalJson(other);

const keyIn = ({ keys }: ApiKeyIdentityNode, id: string) => keys.find((key) => key.id === id);

/** Of each identity: whether it vouches for a principal as it did. A key that changed, its secret too, is another. */
const compareIdentities = (before: Graph, after: Graph) => {
  const isUnchanged = answeredOnce((name) => isSame(before.identities[name], after.identities[name]));
  return ({ identity, id }: Principal): boolean => {
    if (isUnchanged(identity)) return true;
    const [old, next] = [before.identities[identity], after.identities[identity]];
    return old?.type === 'api-key' && next?.type === 'api-key' && isSame(keyIn(old, id), keyIn(next, id));
  };
};

const compareAddresses = (before: Graph, after: Graph) => {
  const rulesOf = ({ ip, trustedProxies }: ListenerNode) => ({ ip, trustedProxies });
  const isUnchanged = answeredOnce((name) => {
    const [old, next] = [before.listeners[name], after.listeners[name]];
    return old !== undefined && next !== undefined && isSame(rulesOf(old), rulesOf(next));
  });
  const isTrustUnchanged = answeredOnce((name) =>
    isSame(before.listeners[name]!.trustedProxies, after.listeners[name]!.trustedProxies),
  );
  const compiled = new Map<ListenerNode, AddressRules>();
  const rules = (node: ListenerNode): AddressRules => {
    let known = compiled.get(node);
    if (known === undefined) {
      known = compileAddressRules(node);
      compiled.set(node, known);
    }
    return known;
  };
  return ({ listener, peer, clientAddress }: Admitted): boolean => {
    const [old, next] = [before.listeners[listener], after.listeners[listener]];
    if (old === undefined || next === undefined || isUnchanged(listener)) return true;
    const isTrusted = rules(next).trusts(peer);
    // What its proxies said was read by another list of them: who it is has to be found out anew.
    if (!isTrustUnchanged(listener) && (isTrusted || rules(old).trusts(peer))) return false;
    return rules(next).admits(isTrusted ? clientAddress : peer);
  };
};

const hasPlace = (before: Graph, after: Graph, { listener, path, server }: Admitted): boolean =>
  path === undefined ||
  before.listeners[listener] === undefined ||
  after.listeners[listener]?.routes.some((route) => route.path === path && route.server === server) === true;

/** A token that was for the URL of a place says nothing for another URL. */
const isForSameUrl = (before: Graph, after: Graph, { principal, listener }: Admitted): boolean => {
  const identity = after.identities[principal.identity];
  return (
    identity?.type !== 'jwt' ||
    identity.audience !== undefined ||
    before.listeners[listener]?.url === after.listeners[listener]?.url
  );
};

/** Answers for callers that `before` has admitted whether `after` does. What nothing has touched still stands. */
export const compareStandings = (before: Graph, after: Graph): ((admitted: Admitted) => boolean) => {
  const isVouchedFor = compareIdentities(before, after);
  const isAddressAdmitted = compareAddresses(before, after);
  const isKnown = ({ principal, server: name }: Admitted): boolean => {
    const server = after.servers[name];
    if (server === undefined) return false;
    if (principal.kind === 'anonymous') return server.anonymous;
    return (
      server.identities.includes(principal.identity) &&
      isVouchedFor(principal) &&
      missingScope(principal, server.scopes) === undefined
    );
  };
  return (admitted) =>
    isKnown(admitted) &&
    isAddressAdmitted(admitted) &&
    hasPlace(before, after, admitted) &&
    isForSameUrl(before, after, admitted);
};
