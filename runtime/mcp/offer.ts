/** Everything that an upstream says of itself to models, asked for once: what is locked, and what is looked at ahead. */

import type { Era, UpstreamNode } from '../../schema/graph/upstream.ts';
import { LOCKED_KINDS, type LockedKind } from '../../schema/lock/lock.ts';
import { GatewayError, RPC } from '../errors.ts';
import type { UpstreamContext } from '../upstream/context.ts';
import { upstreamError } from '../upstream/failure.ts';
import type { Link, Upstream } from '../upstream/link.ts';
import { createUpstream } from '../upstream/upstream.ts';
import { refuseRequest } from './ask.ts';
import { Catalogue, type Item, newLinkLists } from './catalogue.ts';
import { LATEST_LEGACY_VERSION } from './revision.ts';

/** As a client that can do everything is shown it. */
const CAPABILITIES = {
  elicitation: { form: {}, url: {} },
  roots: { listChanged: true },
  sampling: { context: {}, tools: {} },
};

export interface Offer extends Readonly<Record<LockedKind, readonly Item[]>> {
  readonly era: Era;
  readonly instructions: string | undefined;
}

/** An upstream may have resources and not know the method for templates. */
const isUnknownMethod = (thrown: unknown): boolean =>
  thrown instanceof GatewayError &&
  typeof thrown.cause === 'object' &&
  thrown.cause !== null &&
  (thrown.cause as { readonly code?: unknown }).code === RPC.methodNotFound;

const listOver = async (catalogue: Catalogue, kind: LockedKind): Promise<readonly Item[]> => {
  if (!catalogue.offers(kind)) return [];
  try {
    const { items, isWhole } = await catalogue.refetch(kind, []);
    if (!isWhole) throw upstreamError('upstream_protocol', `the pages of ${kind} do not come to an end`);
    return items;
  } catch (thrown) {
    if (kind === 'resourceTemplates' && isUnknownMethod(thrown)) return [];
    throw thrown;
  }
};

const offerOver = async (link: Link, { gateway }: UpstreamContext, timeoutMs: number): Promise<Offer> => {
  const context = { info: gateway, capabilitiesText: JSON.stringify(CAPABILITIES) };
  const catalogue = new Catalogue(link, context, timeoutMs, newLinkLists());
  const lists: Partial<Record<LockedKind, readonly Item[]>> = {};
  for (const kind of LOCKED_KINDS) lists[kind] = await listOver(catalogue, kind);
  const { instructions } = link.peer;
  return { ...(lists as Record<LockedKind, readonly Item[]>), era: link.era, instructions };
};

const openLegacy = async (upstream: Upstream, { gateway }: UpstreamContext): Promise<Link> => {
  const link = await upstream.legacy({
    capabilities: CAPABILITIES,
    clientInfo: gateway,
    protocolVersion: LATEST_LEGACY_VERSION,
    isolationKey: 'offer',
    listen: false,
    headers: [],
  });
  link.onUnsolicited = (_text, message) => refuseRequest(link, message);
  return link;
};

const offerIn = async (
  upstream: Upstream,
  era: Era,
  context: UpstreamContext,
  timeoutMs: number,
): Promise<Offer> => {
  const link = era === 'modern' ? await upstream.modern('offer') : await openLegacy(upstream, context);
  try {
    return await offerOver(link, context, timeoutMs);
  } finally {
    if (era === 'legacy') await link.close();
  }
};

/** The eras in which clients of a gateway meet it, the modern one first. */
const erasOf = async (upstream: Upstream, node: UpstreamNode): Promise<readonly Era[]> => {
  const era = await upstream.eraFor('modern');
  if (era === 'legacy' || node.type !== 'http' || node.era !== 'match-client') return [era];
  return (await upstream.eraFor('legacy')) === 'legacy' ? ['modern', 'legacy'] : ['modern'];
};

/**
 * What an upstream offers, in each era in which clients meet it. Rejects with a GatewayError. Sessions are ended and
 * processes stopped before it settles; no tool is called and no resource read.
 */
export const fetchOffers = async (
  node: UpstreamNode,
  context: UpstreamContext,
): Promise<readonly Offer[]> => {
  const upstream = createUpstream(node, context);
  try {
    const offers: Offer[] = [];
    for (const era of await erasOf(upstream, node))
      offers.push(await offerIn(upstream, era, context, node.timeouts.callMs));
    return offers;
  } finally {
    await upstream.close();
  }
};
