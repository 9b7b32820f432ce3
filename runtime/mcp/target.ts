/** tools/call, prompts/get and resources/read: find the owner, admit, decide, forward. */
import { targetUnknown } from '../../policies/answers.ts';
import { promptFacts, toolFacts } from '../../policies/target-facts.ts';
import type { CallFacts } from '../../schema/decision.ts';
import type { Era } from '../../schema/graph/upstream.ts';
import { answerError, GatewayError, RPC } from '../errors.ts';
import { type Call, callFacts, later } from './call.ts';
import { inTime } from './caller-deadline.ts';
import { forward } from './forward.ts';
import type { ForwardOptions } from './forward-options.ts';
import { decide, judge, judgeAgain } from './gate.ts';
import { hold } from './hold.ts';
import { stringParam } from './message.ts';
import type { ListKind, Method } from './method.ts';
import type { Entry } from './name-index.ts';
import {
  encodeHeaderValue,
  paramHeaderMismatch,
  paramHeaders,
  paramNameOf,
  repeatedParam,
} from './param-header.ts';
import type { Connected, Part } from './part.ts';
import { type Ownership, ownedFacts, ownerOf } from './resource-owner.ts';
import { rewriteFor } from './result-rewrite.ts';
import { needsTask } from './task/required-task.ts';

type TargetMethod = Extract<Method, { kind: 'target' }>;

/** The answer to a target that does not exist or must not be seen; one and the same. */
export const unknownTarget = (target: TargetMethod['target'], name: string, era: Era): GatewayError =>
  answerError(targetUnknown(target, name, era), target === 'resource' ? { data: { uri: name } } : {});

/** Whether nobody knows if an upstream has the target, because it could not be asked. */
const mayOffer = ({ connected, exposure }: Part, kind: 'tools' | 'prompts', name: string): boolean =>
  exposure[kind].resolve(name) !== undefined &&
  (connected === undefined ||
    (connected.catalogue.offers(kind) && connected.catalogue.peek(kind) === undefined));

const unavailable = (part: Part | undefined, kind?: ListKind): GatewayError =>
  part?.error ??
  (kind === undefined ? undefined : part?.listingError(kind)) ??
  new GatewayError('upstream_unavailable', 'the upstream is not available', { rpcCode: RPC.upstream });

/** Handles a call of a named target. Answers `call.reply` in every case. */
export const callTarget = (call: Call, method: TargetMethod): void => {
  const name = stringParam(call.message, method.parameter);
  if (name === undefined) {
    call.reply.error(
      new GatewayError('invalid_params', `params.${method.parameter} must be a string`, {
        rpcCode: RPC.invalidParams,
        status: call.client.era === 'modern' ? 400 : 200,
      }),
    );
    return;
  }
  call.exchange.record.target = name;
  const kind = method.target === 'tool' ? 'tools' : method.target === 'prompt' ? 'prompts' : 'resources';
  if (kind === 'resources') {
    callResource(call, name);
    return;
  }
  const index = call.view.index(kind, call.exchange.startedMs);
  if (index !== undefined) callEntry(call, method, name, index.byName.get(name));
  else
    later(call, inTime(call, call.view.prepare(kind)), () =>
      callEntry(call, method, name, call.view.indexNow(kind).byName.get(name)),
    );
};

const callResource = (call: Call, uri: string): void => {
  const owner = ownerOf(call.view, uri, call.server.policies.readsMimeType);
  if (!(owner instanceof Promise)) callOwned(call, uri, owner);
  else later(call, inTime(call, owner), (found) => callOwned(call, uri, found));
};

const callOwned = (call: Call, uri: string, owner: Ownership): void => {
  const { part } = owner;
  const unknown = () => unknownTarget('resource', uri, call.client.era);
  const facts = () => ownedFacts(callFacts(call, uri, {}), owner.uri, owner);
  judge(call, facts, unknown, (judged) => {
    const refused = part === undefined ? unknown() : judged;
    const connected = part?.connected;
    if (refused !== undefined || part === undefined || connected === undefined)
      call.reply.error(refused ?? unavailable(part));
    else hold(call, facts, (held) => sendRead(held, uri, owner.uri, part, connected, owner.others ?? []));
  });
};

/** Reads from `part`; where that does not know the URI, from the next of `others` that the caller may ask for it. */
const sendRead = (
  call: Call,
  uri: string,
  upstreamUri: string,
  part: Part,
  { link }: Connected,
  others: readonly Part[],
): void =>
  forward(call, part.exposure, link, {
    upstreamName: upstreamUri === uri ? undefined : upstreamUri,
    parameter: 'uri',
    mirrored: ['mcp-name', encodeHeaderValue(upstreamUri)],
    idempotent: true,
    rewrite: rewriteFor(call, part),
    ...(others.length === 0 ? undefined : { onNotFound: () => readElsewhere(call, uri, others) }),
    ...call.server.limits.bounds(undefined),
  });

/** False: nobody else may be asked. */
const readElsewhere = (call: Call, uri: string, parts: readonly Part[]): boolean => {
  for (const [at, part] of parts.entries()) {
    const facts = ownedFacts(callFacts(call, uri, {}), uri, { part, mimeType: '' });
    if (part.connected === undefined || decide(call, facts).kind !== 'allow') continue;
    sendRead(call, uri, uri, part, part.connected, parts.slice(at + 1));
    return true;
  }
  return false;
};

const targetFacts = (call: Call, method: TargetMethod, name: string, entry: Entry | undefined): CallFacts => {
  const facts = callFacts(call, name, call.message.params.arguments ?? {});
  if (entry === undefined) return facts;
  const upstream = entry.part.exposure.facts;
  return method.target === 'tool'
    ? toolFacts(facts, entry.tool, upstream)
    : promptFacts(facts, name, upstream);
};

const callEntry = (call: Call, method: TargetMethod, name: string, entry: Entry | undefined): void => {
  call.exchange.record.targetKnown = entry !== undefined;
  const unknown = () => unknownTarget(method.target, name, call.client.era);
  judge(
    call,
    () => targetFacts(call, method, name, entry),
    unknown,
    (judged) => callJudged(call, method, name, entry, judged),
  );
};

const callJudged = (
  call: Call,
  method: TargetMethod,
  name: string,
  entry: Entry | undefined,
  judged: GatewayError | undefined,
): void => {
  if (entry === undefined) {
    const unknown = () => unknownTarget(method.target, name, call.client.era);
    const kind = method.target === 'tool' ? 'tools' : 'prompts';
    for (const part of call.view.parts) part.refreshSoon(kind);
    const silent = call.view.parts.find((part) => mayOffer(part, kind, name));
    call.reply.error(silent === undefined ? unknown() : unavailable(silent, kind));
    return;
  }
  // Headers that contradict the body come before what a policy says of it. Of a hidden target nothing is told.
  const refused = judged?.code === 'unknown_target' ? judged : (headerFault(call, entry) ?? judged);
  if (refused !== undefined) call.reply.error(refused);
  else
    hold(
      call,
      () => targetFacts(call, method, name, entry),
      (held) => send(held, method, name, entry, false),
    );
};

const headerFault = (call: Call, entry: Entry): GatewayError | undefined => {
  const { paramHeaders: declared } = entry.item;
  if (call.client.era !== 'modern' || !call.exchange.hasOwnHeaders) return undefined;
  const { headers, rawHeaders } = call.exchange.request;
  const repeated = repeatedParam(headers, rawHeaders);
  if (repeated !== undefined) return headerMismatch(`${repeated} is sent more than once`);
  if (declared.length === 0) return undefined;
  const isTold = call.server.node.lists.paramHeaders === 'keep';
  // Who was not told of them need not send them; who does is held to them all the same.
  const due = isTold ? declared : declared.filter(({ header }) => headers[header] !== undefined);
  const fault = paramHeaderMismatch(due, call.message.params.arguments, headers);
  return fault === undefined ? undefined : headerMismatch(fault);
};

const headerMismatch = (fault: string): GatewayError =>
  new GatewayError('header_mismatch', fault, { status: 400, rpcCode: RPC.headerMismatch });

/** Header values by name, of those that mirror arguments the tool does not declare: passed on as they are. */
const undeclaredParams = (call: Call, declared: Entry['item']['paramHeaders'], flat: string[]): void => {
  const { rawHeaders } = call.exchange.request;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = paramNameOf(rawHeaders[at]!);
    if (name === undefined || declared.some(({ header }) => header === name)) continue;
    const value = rawHeaders[at + 1]!;
    if (VISIBLE.test(value)) flat.push(name, value);
  }
};

/** Text that means the same bytes here and upstream. */
const VISIBLE = /^[\x20-\x7e\t]*$/;

const mirrored = (call: Call, entry: Entry): string[] => {
  const flat = ['mcp-name', entry.mirroredName];
  const declared = entry.item.paramHeaders;
  if (declared.length > 0) flat.push(...paramHeaders(declared, call.message.params.arguments));
  if (call.client.era === 'modern') undeclaredParams(call, declared, flat);
  return flat;
};

/**
 * A legacy client mirrors nothing: its call is made again, once, when the tool's headers have changed. More than they
 * may have changed, so that it is decided again.
 */
const afterMismatch = (
  call: Call,
  method: TargetMethod,
  name: string,
  entry: Entry,
  again: boolean,
): boolean => {
  const { part } = entry;
  if (call.client.era === 'modern' || again) {
    part.refresh('tools');
    return false;
  }
  part.connected?.catalogue.invalidate('tools');
  later(call, inTime(call, call.view.prepare('tools')), () => {
    const found = call.view.indexNow('tools').byName.get(name);
    const unknown = () => unknownTarget(method.target, name, 'legacy');
    const refused =
      found === undefined
        ? unknown()
        : judgeAgain(call, () => targetFacts(call, method, name, found), unknown);
    if (found === undefined || refused !== undefined) call.reply.error(refused ?? unknown());
    else send(call, method, name, found, true);
  });
  return true;
};

const send = (call: Call, method: TargetMethod, name: string, entry: Entry, again: boolean): void => {
  const { connected, exposure } = entry.part;
  if (connected === undefined) {
    call.reply.error(unavailable(entry.part));
    return;
  }
  const { annotations } = entry.tool;
  const isTool = method.target === 'tool';
  const { timeoutMs, maxTimeoutMs, maxBytes } = call.server.limits.bounds(isTool ? name : undefined);
  const options: ForwardOptions = {
    upstreamName: entry.item.name === name ? undefined : entry.item.name,
    parameter: 'name',
    mirrored: connected.link.era === 'modern' ? mirrored(call, entry) : NONE,
    idempotent: !isTool || annotations.readOnlyHint || annotations.idempotentHint,
    timeoutMs,
    maxTimeoutMs,
    maxBytes,
    asTask: isTool && needsTask(call, connected.link, entry.item),
    rewrite: rewriteFor(call, entry.part),
    tool: isTool ? entry.item : undefined,
    onHeaderMismatch: () => afterMismatch(call, method, name, entry, again),
  };
  forward(call, exposure, connected.link, options);
};

const NONE: readonly string[] = [];
