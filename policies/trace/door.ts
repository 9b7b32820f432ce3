/** What a request meets at its listener, before anybody asks who sent it. */
import type { ListenerNode } from '../../schema/graph/listener.ts';
import { ADDRESS_REFUSED, ADDRESS_UNCLEAR, HOST_REFUSED, HOST_UNCLEAR, ORIGIN_REFUSED } from '../answers.ts';
import { type AddressRules, canonicalAddress, compileAddressRules } from '../listen/address-rules.ts';
import { forwardedAddress } from '../listen/client-address.ts';
import { compileHostRules, type HostRules } from '../listen/host-rules.ts';
import { compileOriginRules, type OriginRules } from '../listen/origin-rules.ts';
import type { TracedRequest } from './request.ts';
import type { AddressStep, HeaderStep, TraceStep, TraceVerdict } from './trace.ts';

export interface PreparedDoor {
  readonly node: ListenerNode;
  readonly addresses: AddressRules;
  readonly hosts: HostRules;
  readonly origins: OriginRules;
}

export const prepareDoor = (node: ListenerNode): PreparedDoor => ({
  node,
  addresses: compileAddressRules(node),
  hosts: compileHostRules(node.hosts),
  origins: compileOriginRules(node.origins, []),
});

/** The address that policies see, once the door is passed; a verdict where it is not. */
export type AtDoor =
  | { readonly steps: readonly TraceStep[]; readonly address: string }
  | { readonly steps: readonly TraceStep[]; readonly verdict: TraceVerdict };

/** The host that callers name, unless the request says another. */
export const hostOf = ({ node }: PreparedDoor): string =>
  node.url === '' ? (node.hosts[0] ?? 'localhost') : new URL(node.url).host;

const rangeOf = (node: ListenerNode, address: string): AddressStep['range'] => {
  const has = (cidr: string): boolean =>
    !compileAddressRules({ ip: { deny: [cidr] }, trustedProxies: [] }).admits(address);
  const denied = node.ip.deny.find(has);
  if (denied !== undefined) return { list: 'deny', cidr: denied };
  const allowed = node.ip.allow?.find(has);
  return allowed === undefined ? undefined : { list: 'allow', cidr: allowed };
};

const ruleOf = ({ name, ip }: ListenerNode, range: AddressStep['range']): AddressStep['path'] => {
  if (range !== undefined) return ['listeners', name, 'ip', range.list];
  return ip.allow === undefined ? ['listeners', name] : ['listeners', name, 'ip', 'allow'];
};

const addressStep = ({ node, addresses }: PreparedDoor, { from, headers }: TracedRequest): AddressStep => {
  const peer = from === '' ? '' : (canonicalAddress(from) ?? 'unknown');
  const proxied = addresses.trusts(peer);
  const client = proxied
    ? forwardedAddress(peer, headers.forwarded, headers['x-forwarded-for'], addresses)
    : peer;
  const passes = client !== undefined && addresses.admits(client);
  const range = client === undefined ? undefined : rangeOf(node, client);
  return {
    step: 'address',
    path: ruleOf(node, range),
    peer,
    client,
    proxied,
    ...(range === undefined ? {} : { range }),
    passes,
  };
};

/** A peer that is refused is cut off; a client behind a proxy is answered. */
const addressVerdict = ({ client, proxied }: AddressStep): TraceVerdict => {
  if (!proxied) return { kind: 'closed', by: 'address' };
  const answer = client === undefined ? ADDRESS_UNCLEAR : ADDRESS_REFUSED;
  return { kind: 'refused', by: 'address', answer };
};

/** Takes a request through the rules of its listener. */
export const passDoor = (door: PreparedDoor, request: TracedRequest): AtDoor => {
  const { node } = door;
  const address = addressStep(door, request);
  if (!address.passes) return { steps: [address], verdict: addressVerdict(address) };
  const host = request.headers.host ?? hostOf(door);
  const hostStep: HeaderStep = {
    step: 'host',
    path: ['listeners', node.name, 'hosts'],
    sent: host,
    allowed: node.hosts,
    passes: host !== '' && door.hosts.admits(host),
  };
  if (!hostStep.passes) {
    const answer = host === '' ? HOST_UNCLEAR : HOST_REFUSED;
    return { steps: [address, hostStep], verdict: { kind: 'refused', by: 'host', answer } };
  }
  const { origin } = request.headers;
  const originStep: HeaderStep = {
    step: 'origin',
    path: ['listeners', node.name, 'origins'],
    sent: origin,
    allowed: node.origins,
    passes: origin === undefined || door.origins.replyHeaders(origin) !== undefined,
  };
  const steps = [address, hostStep, originStep];
  return originStep.passes
    ? { steps, address: address.client ?? '' }
    : { steps, verdict: { kind: 'refused', by: 'origin', answer: ORIGIN_REFUSED } };
};
