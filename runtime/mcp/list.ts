/** Lists: the union of what all upstreams offer, under exposed names, as far as this caller may see it. */
import type { CallFacts } from '../../schema/decision.ts';
import { GatewayError, RPC } from '../errors.ts';
import { type Call, callFacts, later } from './call.ts';
import { LISTS } from './catalogue.ts';
import { methodNotFound } from './classify.ts';
import { resultText } from './client-reply.ts';
import { adaptationOf } from './forward.ts';
import { admit, decide } from './gate.ts';
import { membersAt } from './json-members.ts';
import type { ListKind, Method } from './method.ts';
import type { Entry, NameIndex } from './name-index.ts';
import { META } from './revision.ts';
import { applyEdits, replaceMember } from './splice.ts';

type ListMethod = Extract<Method, { kind: 'list' }>;

/** What a call on each kind of item would be, so that a list and a call are decided alike. */
const CALLED_BY: Readonly<Record<ListKind, string>> = {
  tools: 'tools/call',
  prompts: 'prompts/get',
  resources: 'resources/read',
  resourceTemplates: 'resources/read',
};

/** Tells clients that an upstream's share is missing for the moment. */
const PARTIAL = '"io.gatewright/partial":true';

/** Answers a list. Waits for slow upstreams until their list deadline, and goes on without them. */
export const callList = (call: Call, method: ListMethod): void => {
  const facts = callFacts(call, '', undefined);
  if (!admit(call, facts)) return;
  if (call.message.params.cursor !== undefined) {
    call.reply.error(new GatewayError('invalid_params', 'invalid cursor', { rpcCode: RPC.invalidParams }));
    return;
  }
  later(call, call.view.refreshLists(method.list), () => answerList(call, method, facts));
};

const itemFacts = (facts: CallFacts, kind: ListKind, entry: Entry): CallFacts => {
  const { exposedName: name, item } = entry;
  const mimeType = item.value.mimeType;
  const known = {
    ...facts,
    call: { method: CALLED_BY[kind], name, id: '' },
    upstream: { name: entry.tool.upstream },
  };
  if (kind === 'tools') return { ...known, tool: entry.tool };
  if (kind === 'prompts') return { ...known, prompt: { name } };
  return { ...known, resource: { uri: name, mimeType: typeof mimeType === 'string' ? mimeType : '' } };
};

const isListed = (call: Call, kind: ListKind, entry: Entry, facts: CallFacts): boolean =>
  call.server.policies.none || decide(call, itemFacts(facts, kind, entry)).kind !== 'deny';

/** Whether this kind of list exists here: an upstream offers it, or is not there to be asked. */
const exists = (call: Call, kind: ListKind): boolean =>
  call.view.parts.some(({ connected }) => connected === undefined || connected.catalogue.offers(kind));

const itemText = (call: Call, kind: ListKind, entry: Entry): string | undefined => {
  const { item, part, exposedName } = entry;
  const linkEra = part.connected?.link.era ?? call.client.era;
  const adapted = adaptationOf(call.client.era, linkEra).item(item.text, item.value);
  if (adapted === undefined || exposedName === item.name) return adapted;
  const edit = replaceMember(membersAt(adapted, 0), LISTS[kind].key, JSON.stringify(exposedName));
  return edit === undefined ? adapted : applyEdits(adapted, [edit]);
};

const answerList = (call: Call, method: ListMethod, facts: CallFacts): void => {
  const kind = method.list;
  if (!exists(call, kind)) {
    call.reply.error(methodNotFound(call.client.era === 'modern' ? 404 : 200));
    return;
  }
  const index = call.view.indexNow(kind);
  const texts: string[] = [];
  for (const entry of index.entries) {
    if (!isListed(call, kind, entry, facts)) continue;
    const text = itemText(call, kind, entry);
    if (text !== undefined) texts.push(text);
  }
  const partial = isPartial(call, kind, index);
  const members = [`"${LISTS[kind].member}":[${texts.join(',')}]`];
  if (call.client.era === 'modern') members.push('"resultType":"complete"', cacheHints(call, index, partial));
  const meta: string[] = partial ? [PARTIAL] : [];
  if (call.client.era === 'modern') meta.push(`"${META.serverInfo}":${call.server.infoText}`);
  if (meta.length > 0) members.push(`"_meta":{${meta.join(',')}}`);
  call.exchange.record.outcome = 'ok';
  call.reply.response(resultText(call.idText, `{${members.join(',')}}`));
};

const isPartial = (call: Call, kind: ListKind, index: NameIndex): boolean =>
  call.view.parts.some(
    (part, at) =>
      part.connected === undefined ||
      (part.connected.catalogue.offers(kind) &&
        (index.listings[at] === undefined || part.listingError(kind) !== undefined)),
  );

/** The smallest ttl of all parts; private if a part is, or if who asks decides what is listed. */
const cacheHints = (call: Call, index: NameIndex, partial: boolean): string => {
  let ttlMs = partial ? 0 : Number.POSITIVE_INFINITY;
  let isPublic = call.server.node.anonymous && call.server.policies.none;
  for (const listing of index.listings) {
    if (listing === undefined) continue;
    const ageMs = performance.now() - listing.fetchedMs;
    ttlMs = Math.min(ttlMs, Math.max(0, Math.floor(listing.ttlMs - ageMs)));
    isPublic &&= listing.cacheScope === 'public';
  }
  return `"ttlMs":${Number.isFinite(ttlMs) ? ttlMs : 0},"cacheScope":"${isPublic ? 'public' : 'private'}"`;
};
