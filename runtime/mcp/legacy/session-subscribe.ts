/** resources/subscribe and unsubscribe of a session at the upstream that has the resource, in its own era's way. */
import type { CallFacts } from '../../../schema/decision.ts';
import { GatewayError, RPC } from '../../errors.ts';
import type { Link } from '../../upstream/link.ts';
import { isObject } from '../../upstream/message.ts';
import { type Call, callFacts, later } from '../call.ts';
import { holdsOf } from '../changes/holds.ts';
import { methodNotFound } from '../classify.ts';
import { forward } from '../forward.ts';
import { admit, decide, denial } from '../gate.ts';
import { stringParam } from '../message.ts';
import type { Part } from '../part.ts';
import { type Ownership, ownedFacts, ownerOf } from '../resource-owner.ts';
import { unknownTarget } from '../target.ts';
import { answerEmpty } from './empty-answer.ts';
import type { Session } from './session.ts';

interface SubscribingCall extends Call {
  readonly session: Session;
}

/** The resource that a call is about, as its upstream calls it. */
interface Target {
  readonly part: Part;
  readonly link: Link;
  readonly uri: string;
}

const tooManySubscriptions = (): GatewayError =>
  new GatewayError('rate_limited', 'too many subscriptions', { rpcCode: RPC.limited });

const notGranted = (uri: string): GatewayError =>
  new GatewayError('not_supported', 'the upstream does not tell of changes of this resource', {
    rpcCode: RPC.invalidParams,
    data: { uri },
  });

/** `facts` are those that updates are decided by. */
const subscribeAt = async (call: SubscribingCall, target: Target, facts: CallFacts): Promise<void> => {
  const { subscriptions } = call.session;
  const subscribes = call.message.method === 'resources/subscribe';
  if (subscribes && !subscriptions.add(target.uri, target.link.upstream, facts)) {
    call.reply.error(tooManySubscriptions());
    return;
  }
  if (!subscribes) subscriptions.delete(target.uri, target.link.upstream);
  if (target.link.era === 'legacy') tellLegacy(call, target, subscribes);
  else await listenToModern(call, target, subscribes);
};

/** The session's own conversation is told, unless others that the upstream takes for the same still want it. */
const tellLegacy = (call: SubscribingCall, { part, link, uri }: Target, subscribes: boolean): void => {
  const { session } = call;
  const holds = holdsOf(link);
  if (!subscribes && holds.isHeldBeside(uri, session)) {
    holds.forget(uri, session);
    answerEmpty(call);
    return;
  }
  forward(call, part.exposure, link, {
    upstreamName: stringParam(call.message, 'uri') === uri ? undefined : uri,
    parameter: 'uri',
    mirrored: [],
    idempotent: true,
    ...call.server.limits.bounds(undefined),
    onOutcome: (done) => {
      if (subscribes && done) holds.note(uri, session);
      else if (subscribes) session.subscriptions.delete(uri, link.upstream);
      else holds.forget(uri, session);
    },
  });
};

/** Answered after the upstream has acknowledged a stream with the resource in it. */
const listenToModern = async (
  call: SubscribingCall,
  { part, link, uri }: Target,
  subscribes: boolean,
): Promise<void> => {
  const { resources } = link.peer.capabilities;
  if (!isObject(resources) || resources.subscribe !== true) {
    call.session.subscriptions.delete(uri, link.upstream);
    call.reply.error(methodNotFound('legacy'));
    return;
  }
  const granted = call.session.follow(part);
  if (!subscribes || (await granted).resourceSubscriptions?.includes(uri) === true) {
    answerEmpty(call);
    return;
  }
  call.session.subscriptions.delete(uri, link.upstream);
  void call.session.follow(part);
  call.reply.error(notGranted(stringParam(call.message, 'uri') ?? uri));
};

const refusal = (call: SubscribingCall, uri: string, owner: Ownership): GatewayError | undefined => {
  const unknown = () => unknownTarget('resource', uri, 'legacy');
  if (owner.part === undefined) return unknown();
  return denial(call, decide(call, ownedFacts(callFacts(call, uri, {}), owner.uri, owner)), unknown);
};

/** resources/subscribe and unsubscribe follow resources/read: who may not read is told of nothing. */
export const serveSubscribe = (call: SubscribingCall): void => {
  const uri = stringParam(call.message, 'uri');
  if (uri === undefined) {
    call.reply.error(
      new GatewayError('invalid_params', 'params.uri must be a string', { rpcCode: RPC.invalidParams }),
    );
    return;
  }
  admit(call, callFacts(call, uri, undefined), () => later(call, subscribe(call, uri), () => undefined));
};

const subscribe = async (call: SubscribingCall, uri: string): Promise<void> => {
  const owned = await ownerOf(call.view, uri, call.server.policies.readsMimeType);
  const refused = refusal(call, uri, owned);
  const { part } = owned;
  if (refused !== undefined || part?.connected === undefined) {
    call.reply.error(refused ?? part?.error ?? methodNotFound('legacy'));
    return;
  }
  const facts = ownedFacts(callFacts(call, uri, {}), owned.uri, owned);
  await subscribeAt(call, { part, link: part.connected.link, uri: owned.uri }, facts);
};
