/** Lists: the union of what all upstreams offer, under exposed names, as far as this caller may see it. */
import type { CallFacts } from '../../schema/decision.ts';
import { GatewayError, RPC } from '../errors.ts';
import { type Call, callFacts, later } from './call.ts';
import { inTime } from './caller-deadline.ts';
import { LISTS } from './catalogue.ts';
import { methodNotFound } from './classify.ts';
import { admit, decide } from './gate.ts';
import { type CacheHints, type ListPlace, openCursor, sealCursor } from './list-cursor.ts';
import { itemFacts, itemText } from './list-item.ts';
import type { ListKind, Method } from './method.ts';
import type { NameIndex } from './name-index.ts';
import { isForAnybody } from './result-rewrite.ts';
import { META } from './revision.ts';
import { ToldList } from './told-list.ts';
import { requestSteps } from './uri-template.ts';

type ListMethod = Extract<Method, { kind: 'list' }>;

/** Tells clients that an upstream's share is missing for the moment. */
export const PARTIAL = '"io.gatewright/partial":true';

const invalidCursor = (): GatewayError =>
  new GatewayError('invalid_params', 'invalid cursor', { rpcCode: RPC.invalidParams });

/**
 * Answers a list. The first page waits for slow upstreams until their list deadline, and goes on without them; the
 * pages after it wait only for what is not known at all, so that they go on from what the first was cut from.
 */
export const callList = (call: Call, method: ListMethod): void => {
  const facts = callFacts(call, '', undefined);
  admit(call, facts, () => answerPage(call, method, facts));
};

const answerPage = (call: Call, method: ListMethod, facts: CallFacts): void => {
  const { cursor } = call.message.params;
  if (cursor === undefined) {
    if (call.view.isFresh(method.list)) answerList(call, method.list, facts, undefined);
    else
      later(call, inTime(call, call.view.refreshLists(method.list)), () =>
        answerList(call, method.list, facts, undefined),
      );
    return;
  }
  const place = openCursor(call, cursor);
  if (place === undefined) call.reply.error(invalidCursor());
  else
    later(call, inTime(call, call.view.prepare(method.list)), () =>
      answerList(call, method.list, facts, place),
    );
};

/** Whether this kind of list exists here: an upstream offers it, or is not there to be asked. */
const exists = (call: Call, kind: ListKind): boolean =>
  call.view.parts.some(({ connected }) => connected === undefined || connected.catalogue.offers(kind));

const makeList = (
  call: Call,
  kind: ListKind,
  index: NameIndex,
  facts: CallFacts,
): { readonly list: ToldList; readonly isLasting: boolean } => {
  const { policies, node } = call.server;
  const texts: string[] = [];
  const steps = requestSteps();
  let isLasting = policies.lasting;
  for (const entry of index.entries) {
    if (!policies.none) {
      const decision = decide(call, itemFacts(facts, kind, entry));
      if (decision.kind === 'deny' && decision.reason === 'error') isLasting = false;
      if (decision.kind === 'deny') continue;
    }
    const text = itemText(call, kind, entry, index, entry.part.connected?.link, steps);
    if (text !== undefined) texts.push(text);
  }
  return { list: new ToldList(texts, node.lists), isLasting };
};

/** The list as this caller may see it: kept from before where its rules hang on nothing but who asks for what. */
const listFor = (call: Call, kind: ListKind, index: NameIndex, facts: CallFacts): ToldList => {
  const { policies, lists } = call.server;
  const audience = policies.none ? 'everybody' : call.exchange.principal;
  const known = policies.lasting ? lists.get(index, audience) : undefined;
  if (known !== undefined) return known;
  const { list, isLasting } = makeList(call, kind, index, facts);
  if (isLasting) lists.keep(index, audience, list);
  return list;
};

const answerList = (call: Call, kind: ListKind, facts: CallFacts, place: ListPlace | undefined): void => {
  if (!exists(call, kind)) {
    call.reply.error(methodNotFound(call.client.era));
    return;
  }
  const index = call.view.indexNow(kind);
  if (index.usesUris && !call.view.uris.isKnown) {
    later(call, inTime(call, call.view.uris.learn()), () => answerList(call, kind, facts, place));
    return;
  }
  const list = listFor(call, kind, index, facts);
  const isPartial = lacksShare(call, kind);
  const now = cacheHints(call, kind);
  if (place !== undefined && !continues(list, place, now)) {
    call.reply.error(invalidCursor());
    return;
  }
  const hints = place?.hints ?? { ...now, ttlMs: isPartial ? 0 : now.ttlMs };
  const page = list.page(place?.start ?? 0);
  const isModern = call.client.era === 'modern';
  const members = [];
  if (isModern) {
    const ttlMs = isPartial ? 0 : hints.ttlMs;
    members.push(`"resultType":"complete","ttlMs":${ttlMs},"cacheScope":"${hints.cacheScope}"`);
  }
  if (page.hasNext) {
    const next = { start: page.end, digest: list.digest(page.end)!, hints };
    members.push(`"nextCursor":"${sealCursor(call, next)}"`);
  }
  const meta: string[] = isPartial ? [PARTIAL] : [];
  if (isModern) meta.push(`"${META.serverInfo}":${call.server.infoText}`);
  if (meta.length > 0) members.push(`"_meta":{${meta.join(',')}}`);
  members.push(`"${LISTS[kind].member}":[`);
  call.exchange.record.outcome = 'ok';
  const { idText, reply } = call;
  const start = `{"jsonrpc":"2.0","id":${idText},"result":{${members.join(',')}`;
  if (typeof page.ending !== 'string' && reply.keptResponse !== undefined)
    reply.keptResponse(start, page.ending);
  else reply.response(start + page.ending.toString());
};

/** Whether the list goes on where the page before ended, and may be kept by whom that said. */
const continues = (list: ToldList, { start, digest, hints }: ListPlace, now: CacheHints): boolean =>
  list.digest(start) === digest && (hints.cacheScope === 'private' || now.cacheScope === 'public');

const lacksShare = (call: Call, kind: ListKind): boolean =>
  call.view.parts.some(
    (part) =>
      part.connected === undefined ||
      (part.connected.catalogue.offers(kind) &&
        (part.connected.catalogue.peek(kind)?.isWhole !== true || part.listingError(kind) !== undefined)),
  );

/** The smallest ttl of all parts; private if a part is, or if who asks decides what is listed. */
const cacheHints = (call: Call, kind: ListKind): CacheHints => {
  let ttlMs = Number.POSITIVE_INFINITY;
  let isPublic = isForAnybody(call.server);
  for (const { connected } of call.view.parts) {
    const listing = connected?.catalogue.peek(kind);
    if (listing === undefined) continue;
    const ageMs = performance.now() - listing.fetchedMs;
    ttlMs = Math.min(ttlMs, Math.max(0, Math.floor(listing.ttlMs - ageMs)));
    isPublic &&= listing.cacheScope === 'public';
  }
  return { ttlMs: Number.isFinite(ttlMs) ? ttlMs : 0, cacheScope: isPublic ? 'public' : 'private' };
};
