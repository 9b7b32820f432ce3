/**
 * subscriptions/listen: one stream for the client, fed by what each upstream tells of what it asks for
 * (MCP 2026-07-28, subscriptions). Acknowledged only after the upstreams have.
 */

import type { CallFacts } from '../../../schema/decision.ts';
import { GatewayError, RPC } from '../../errors.ts';
import { type Call, callFacts } from '../call.ts';
import { offeredFlags } from '../changes/offers.ts';
import { common, isEmpty } from '../changes/wants.ts';
import { closingRefusal } from '../closing.ts';
import { exposedUri } from '../exposed-uris.ts';
import { admit, decide } from '../gate.ts';
import { memberText } from '../json-members.ts';
import type { Part } from '../part.ts';
import { claimantOf, type Ownership, ownerOf, resourceFacts } from '../resource-owner.ts';
import { META } from '../revision.ts';
import type { PreparedServer } from '../server.ts';
import type { View } from '../view.ts';
import { type Subscriber, Subscription } from './subscription.ts';
import { type Filter, readFilter } from './subscription-filter.ts';

/** What is kept of a call to decide by, for as long as its stream lasts. */
interface Reader {
  readonly server: PreparedServer;
  readonly view: View;
  readonly facts: CallFacts;
}

const mayRead = (
  { server, facts }: Reader,
  uri: string,
  owner: Pick<Ownership, 'part' | 'mimeType'>,
): boolean => {
  const asked = { ...facts, nowMs: Date.now() };
  return decide({ server }, resourceFacts(asked, uri, owner)).kind === 'allow';
};

/**
 * Whether the caller may be told that a resource of `part` changed. Asked for each update: it may name a part of
 * what was asked for, which has rules, and an owner, of its own.
 */
const mayUpdate = (reader: Reader, part: Part, uri: string): boolean | Promise<boolean> => {
  if (part.exposure.resources.expose(uri) === undefined) return false;
  const { view, server } = reader;
  const allows = ({ mimeType }: Ownership): boolean => {
    // Where another upstream claims the URI too, each has it under a name of its own.
    const isShared = view.parts.length > 1 && exposedUri(view, part, uri) === uri;
    const claimant = isShared ? claimantOf(view, view.parts, uri) : undefined;
    return (claimant === undefined || claimant === part) && mayRead(reader, uri, { part, mimeType });
  };
  const owner = ownerOf(view, uri, server.policies.readsMimeType);
  return owner instanceof Promise ? owner.then(allows) : allows(owner);
};

/** The URIs that may be read, by the upstream that has them. */
const urisByPart = async (
  reader: Reader,
  uris: readonly string[],
  subscription: Subscription,
): Promise<ReadonlyMap<Part, string[]>> => {
  const found = new Map<Part, string[]>();
  for (const uri of uris) {
    const owner = await ownerOf(reader.view, uri, reader.server.policies.readsMimeType);
    if (subscription.ended) break;
    if (owner.part === undefined || !mayRead(reader, owner.uri, owner)) continue;
    const known = found.get(owner.part);
    if (known === undefined) found.set(owner.part, [owner.uri]);
    else known.push(owner.uri);
  }
  return found;
};

const openAll = async (reader: Reader, subscription: Subscription, filter: Filter): Promise<void> => {
  const { view, server } = reader;
  await view.prepare(undefined);
  const asked = server.node.features.resources ? (filter.resourceSubscriptions ?? []) : [];
  const uris = await urisByPart(reader, asked, subscription);
  await Promise.all(
    view.parts.map(async (part) => {
      if (subscription.ended || part.connected === undefined) return;
      const share = { ...common(filter, offeredFlags(part, server.node.features)) };
      const own = uris.get(part);
      if (own !== undefined) share.resourceSubscriptions = own;
      if (!isEmpty(share)) await subscription.open(part, share);
    }),
  );
};

const noFilter = (): GatewayError =>
  new GatewayError('invalid_params', 'params.notifications is no filter', {
    rpcCode: RPC.invalidParams,
    status: 400,
  });

const readerOf = (call: Call): Reader => ({
  server: call.server,
  view: call.view,
  facts: callFacts(call, '', {}),
});

const subscriberOf = (call: Call, reader: Reader): Subscriber => {
  const { idText, message, reply, server } = call;
  const capabilitiesText = memberText(message.text, message.members.meta, META.clientCapabilities) ?? '{}';
  return {
    server,
    reply,
    idText,
    context: { info: server.info, capabilitiesText },
    view: call.view,
    mayUpdate: (part, uri) => mayUpdate(reader, part, uri),
  };
};

/** Serves subscriptions/listen. */
export const callListen = async (call: Call): Promise<void> => {
  if (!admit(call, callFacts(call, '', undefined))) return;
  const filter = readFilter(call.message.params.notifications);
  const refused = closingRefusal(call.exchange) ?? (filter === undefined ? noFilter() : undefined);
  if (refused !== undefined) {
    call.reply.error(refused);
    return;
  }
  if (!call.isWanted()) return;
  const reader = readerOf(call);
  const subscription = new Subscription(subscriberOf(call, reader));
  call.exchange.onAbort = subscription.abandon;
  call.exchange.record.outcome = 'ok';
  call.server.listens.add(subscription);
  try {
    if (!subscription.ended) await openAll(reader, subscription, filter!);
  } catch (thrown) {
    subscription.abandon();
    throw thrown;
  }
  subscription.acknowledge();
};
