/** completion/complete: allowed where its target is, sent to the target's owner. */
import type { CallFacts } from '../../schema/decision.ts';
import { GatewayError, RPC } from '../errors.ts';
import { membersAt, walkMessage } from '../json-members.ts';
import type { Link } from '../upstream/link.ts';
import { type Call, callFacts, later } from './call.ts';
import { inTime } from './caller-deadline.ts';
import { forward } from './forward.ts';
import { admit, decide, denial } from './gate.ts';
import { hold } from './hold.ts';
import type { Message } from './message.ts';
import type { Part } from './part.ts';
import { type Ownership, ownedFacts, ownerOf } from './resource-owner.ts';
import { applyEdits, replaceMember } from './splice.ts';

type Reference =
  | { readonly type: 'ref/prompt'; readonly name: string }
  | { readonly type: 'ref/resource'; readonly uri: string };

const referenceOf = (message: Message): Reference | undefined => {
  const ref = message.params.ref as { type?: unknown; name?: unknown; uri?: unknown } | undefined;
  if (typeof ref !== 'object' || ref === null) return undefined;
  if (ref.type === 'ref/prompt' && typeof ref.name === 'string') return { type: ref.type, name: ref.name };
  if (ref.type === 'ref/resource' && typeof ref.uri === 'string') return { type: ref.type, uri: ref.uri };
  return undefined;
};

/** What the upstream calls the target, where that is another name. */
interface UpstreamReference {
  readonly key: 'name' | 'uri';
  readonly name: string | undefined;
}

const unknownReference = (): GatewayError =>
  new GatewayError('unknown_target', 'unknown completion reference', { rpcCode: RPC.invalidParams });

/** Answers a completion. */
export const callComplete = (call: Call): void => {
  const reference = referenceOf(call.message);
  const { features } = call.server.node;
  const off = reference?.type === 'ref/prompt' ? !features.prompts : !features.resources;
  if (reference === undefined || off) {
    call.reply.error(unknownReference());
    return;
  }
  if (reference.type === 'ref/prompt') {
    const index = call.view.index('prompts');
    if (index !== undefined) completePrompt(call, reference.name);
    else later(call, inTime(call, call.view.prepare('prompts')), () => completePrompt(call, reference.name));
    return;
  }
  if (reference.uri.includes('{') && call.view.parts.some(({ exposure }) => exposure.pin !== undefined))
    later(call, inTime(call, call.view.prepare('resourceTemplates')), () =>
      completeOwned(call, reference.uri),
    );
  else completeOwned(call, reference.uri);
};

/** Whether it is a template of a pinned upstream that is not as it is locked: to clients there is none. */
const isHiddenTemplate = (call: Call, uri: string, part: Part | undefined): boolean =>
  part?.exposure.pin !== undefined &&
  uri.includes('{') &&
  call.view.indexNow('resourceTemplates').byName.get(uri)?.part !== part;

const completeOwned = (call: Call, uri: string): void => {
  const owner = ownerOf(call.view, uri, call.server.policies.readsMimeType);
  if (!(owner instanceof Promise)) completeResource(call, uri, owner);
  else later(call, inTime(call, owner), (found) => completeResource(call, uri, found));
};

const completeResource = (call: Call, uri: string, owner: Ownership): void => {
  const part = isHiddenTemplate(call, uri, owner.part) ? undefined : owner.part;
  complete(call, ownedFacts(callFacts(call, uri, undefined), owner.uri, owner), part, {
    key: 'uri',
    name: owner.uri === uri ? undefined : owner.uri,
  });
};

const completePrompt = (call: Call, name: string): void => {
  const entry = call.view.indexNow('prompts').byName.get(name);
  const facts: CallFacts = {
    ...callFacts(call, name, undefined),
    ...(entry === undefined ? undefined : { upstream: entry.part.exposure.facts }),
    call: { method: 'prompts/get', name, id: call.idText },
    prompt: { name },
  };
  complete(call, facts, entry?.part, {
    key: 'name',
    name: entry?.item.name === name ? undefined : entry?.item.name,
  });
};

const complete = (call: Call, facts: CallFacts, part: Part | undefined, upstreams: UpstreamReference): void =>
  admit(call, facts, () => completeAdmitted(call, facts, part, upstreams));

const completeAdmitted = (
  call: Call,
  facts: CallFacts,
  part: Part | undefined,
  upstreams: UpstreamReference,
): void => {
  const decision = decide(call, facts);
  const refused =
    part === undefined
      ? unknownReference()
      : denial(call, decision.kind === 'undecided' ? { kind: 'allow' } : decision, unknownReference);
  const connected = part?.connected;
  if (refused !== undefined || part === undefined || connected === undefined) {
    call.reply.error(refused ?? part?.error ?? unknownReference());
    return;
  }
  hold(
    call,
    () => facts,
    (held) => send(held, part, connected.link, upstreams),
  );
};

const send = (call: Call, part: Part, link: Link, upstreams: UpstreamReference): void => {
  const renamed =
    upstreams.name === undefined
      ? call
      : { ...call, message: withReference(call.message, upstreams.key, upstreams.name) };
  forward(renamed, part.exposure, link, {
    upstreamName: undefined,
    parameter: 'ref',
    mirrored: [],
    idempotent: true,
    ...call.server.limits.bounds(undefined),
  });
};

/** The same message with the upstream's name in `params.ref`. */
const withReference = (message: Message, key: string, name: string): Message => {
  const params = message.members.params!;
  const at = params.keys.indexOf('ref');
  const start = params.starts[at]!;
  const edit = replaceMember(membersAt(message.text, start), key, JSON.stringify(name))!;
  const text = applyEdits(message.text, [edit]);
  const walked = walkMessage(text, Number.POSITIVE_INFINITY);
  return typeof walked === 'string' ? message : { ...message, text, members: walked };
};
