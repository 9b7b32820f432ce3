/**
 * subscriptions/listen: one stream for the client, one at each modern upstream that has what it asks for
 * (MCP 2026-07-28, subscriptions). Acknowledged only after the upstreams have.
 */
import { GatewayError, RPC } from '../../errors.ts';
import { type Call, callFacts } from '../call.ts';
import { closingRefusal } from '../closing.ts';
import { admit, decide } from '../gate.ts';
import type { Connected, Part } from '../part.ts';
import { type Ownership, ownerOf, resourceFacts } from '../resource-owner.ts';
import { Subscription } from './subscription.ts';
import { type Filter, FLAGS, readFilter } from './subscription-filter.ts';

const mayRead = (call: Call, uri: string, owner: Pick<Ownership, 'part' | 'mimeType'>): boolean =>
  decide(call, resourceFacts(callFacts(call, uri, {}), uri, owner)).kind === 'allow';

/**
 * Whether the caller may be told that a resource of `part` changed. Asked for each update: it may name a part of
 * what was asked for, which has rules, and an owner, of its own.
 */
const mayUpdate = (call: Call, part: Part, uri: string): boolean | Promise<boolean> => {
  if (part.exposure.resources.expose(uri) === undefined) return false;
  const allows = ({ mimeType }: Ownership): boolean => {
    const { view } = call;
    const listed = view.parts.length > 1 ? view.indexNow('resources').byName.get(uri) : undefined;
    return (listed === undefined || listed.part === part) && mayRead(call, uri, { part, mimeType });
  };
  const owner = ownerOf(call.view, uri, call.server.policies.readsMimeType);
  return owner instanceof Promise ? owner.then(allows) : allows(owner);
};

/** The URIs that may be read, by the upstream that has them. */
const urisByPart = async (
  call: Call,
  uris: readonly string[],
  subscription: Subscription,
): Promise<ReadonlyMap<Part, string[]>> => {
  const found = new Map<Part, string[]>();
  for (const uri of uris) {
    const owner = await ownerOf(call.view, uri, call.server.policies.readsMimeType);
    if (subscription.ended) break;
    if (owner.part === undefined || !mayRead(call, uri, owner)) continue;
    const known = found.get(owner.part);
    if (known === undefined) found.set(owner.part, [uri]);
    else known.push(uri);
  }
  return found;
};

/** The share of the filter that one upstream can serve. */
const shareOf = (
  call: Call,
  part: Part,
  connected: Connected,
  filter: Filter,
  uris: string[] | undefined,
): Filter => {
  const share: Filter = {};
  const { features } = call.server.node;
  for (const [flag, kind] of FLAGS) {
    const offered = connected.link.peer.capabilities[kind] as { listChanged?: unknown } | undefined;
    if (
      filter[flag] &&
      features[kind] &&
      offered?.listChanged === true &&
      part.exposure.node[kind].allow.length > 0
    )
      share[flag] = true;
  }
  if (uris !== undefined) share.resourceSubscriptions = uris;
  return share;
};

const openAll = async (call: Call, subscription: Subscription, filter: Filter): Promise<void> => {
  await call.view.prepare(undefined);
  const asked = call.server.node.features.resources ? (filter.resourceSubscriptions ?? []) : [];
  const uris = await urisByPart(call, asked, subscription);
  await Promise.all(
    call.view.parts.map(async (part) => {
      const { connected } = part;
      if (subscription.ended || connected === undefined || connected.link.era !== 'modern') return;
      const share = shareOf(call, part, connected, filter, uris.get(part));
      if (Object.keys(share).length > 0)
        await subscription.open(
          { part, connected, filter: share },
          part.exposure.upstreamNode.timeouts.listMs,
        );
    }),
  );
};

/** Serves subscriptions/listen. */
export const callListen = async (call: Call): Promise<void> => {
  if (!admit(call, callFacts(call, '', undefined))) return;
  const closing = closingRefusal(call.exchange);
  if (closing !== undefined) {
    call.reply.error(closing);
    return;
  }
  const filter = readFilter(call.message.params.notifications);
  if (filter === undefined) {
    call.reply.error(
      new GatewayError('invalid_params', 'params.notifications is no filter', {
        rpcCode: RPC.invalidParams,
        status: 400,
      }),
    );
    return;
  }
  if (!call.isWanted()) return;
  const subscription = new Subscription(call, (part, uri) => mayUpdate(call, part, uri));
  call.exchange.onAbort = () => subscription.abandon('the client closed its stream');
  call.exchange.record.outcome = 'ok';
  call.server.listens.add(subscription);
  try {
    if (!subscription.ended) await openAll(call, subscription, filter);
  } catch (thrown) {
    subscription.abandon('the subscription could not be opened');
    throw thrown;
  }
  subscription.acknowledge();
};
