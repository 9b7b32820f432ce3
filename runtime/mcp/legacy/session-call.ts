/** Requests within a legacy session. */
import { admitsMethod } from '../../../policies/features/features.ts';
import { asGatewayError, GatewayError, RPC } from '../../errors.ts';
import type { Exchange } from '../../listen/exchange.ts';
import { replyError } from '../../listen/reply.ts';
import type { Call } from '../call.ts';
import { callFacts, later } from '../call.ts';
import { methodNotFound } from '../classify.ts';
import { type ClientReply, resultText } from '../client-reply.ts';
import { callComplete } from '../complete.ts';
import { callExtension } from '../extension-method.ts';
import { forward } from '../forward.ts';
import { admit, decide, denial } from '../gate.ts';
import { callList } from '../list.ts';
import { isLogLevel } from '../log-level.ts';
import { type Message, stringParam } from '../message.ts';
import { LEGACY_METHODS, type Method } from '../method.ts';
import type { Part } from '../part.ts';
import { type Ownership, ownerOf, resourceFacts } from '../resource-owner.ts';
import type { PreparedServer } from '../server.ts';
import { callTarget, unknownTarget } from '../target.ts';
import type { Session } from './session.ts';

const UNKNOWN: Method = { kind: 'ping', name: 'ping' };

/** A call of a session, with its session at hand. */
export interface SessionCall extends Call {
  readonly session: Session;
  /** False for a method that does not exist. */
  readonly known: boolean;
}

/** Puts together what a request of a session needs. */
export const sessionCall = (
  server: PreparedServer,
  exchange: Exchange,
  session: Session,
  message: Message,
  reply: ClientReply,
): SessionCall => {
  const method = LEGACY_METHODS.get(message.method) ?? server.extensionMethods.get(message.method);
  const idText = message.idText!;
  const { client } = session;
  return {
    exchange,
    server,
    message,
    method: method ?? UNKNOWN,
    known: method !== undefined,
    idText,
    session,
    client: {
      era: 'legacy',
      name: client.info.name,
      version: client.info.version,
      infoText: client.infoText,
      logLevel: session.logLevel,
    },
    view: session.viewOn(server),
    reply,
    besides: (link, text, asked) =>
      session.fromUpstream(link, text, asked, idText, (told) => reply.message(told)),
    onCancellable: (cancel) => session.inFlight.started(idText, cancel),
    isWanted: () => session.inFlight.has(idText),
  };
};

const refusedId = (): GatewayError =>
  new GatewayError('invalid_request', 'the id is in use, or too many requests are', {
    status: 400,
    rpcCode: RPC.invalidRequest,
  });

/** Answers a request of a session. An id that waits for an answer already cannot be used again. */
export const serveRequest = (call: SessionCall): void => {
  if (!call.session.inFlight.begin(call.idText, call.reply)) {
    replyError(call.exchange, refusedId(), call.idText);
    return;
  }
  try {
    dispatchRequest(call);
  } catch (thrown) {
    call.reply.error(asGatewayError(thrown));
  }
};

const dispatchRequest = (call: SessionCall): void => {
  const { method } = call;
  if (!call.known || !admitsMethod(call.server.node.features, method.name)) {
    call.reply.error(methodNotFound(200));
    return;
  }
  switch (method.kind) {
    case 'ping':
      answerEmpty(call);
      return;
    case 'set-level':
      setLevel(call);
      return;
    case 'target':
      callTarget(call, method);
      return;
    case 'list':
      callList(call, method);
      return;
    case 'complete':
      callComplete(call);
      return;
    case 'subscribe':
      later(call, subscribe(call), () => undefined);
      return;
    case 'extension':
      callExtension(call, method);
      return;
    case 'discover':
    case 'listen':
    case 'task':
      call.reply.error(methodNotFound(200));
      return;
    default:
      method satisfies never;
  }
};

const answerEmpty = (call: Call): void => {
  call.exchange.record.outcome = 'ok';
  call.reply.response(resultText(call.idText, '{}'));
};

const setLevel = (call: SessionCall): void => {
  const level = stringParam(call.message, 'level');
  if (level === undefined || !isLogLevel(level)) {
    call.reply.error(new GatewayError('invalid_params', 'unknown log level', { rpcCode: RPC.invalidParams }));
    return;
  }
  if (admit(call, callFacts(call, '', undefined)))
    later(call, call.session.setLogLevel(level), () => answerEmpty(call));
};

const refusal = (call: SessionCall, uri: string, owner: Ownership): GatewayError | undefined => {
  const unknown = () => unknownTarget('resource', uri, true);
  if (owner.part === undefined) return unknown();
  return denial(call, decide(call, resourceFacts(callFacts(call, uri, {}), uri, owner)), unknown);
};

/** The subscriptions of a process are those of all sessions that it serves. */
const sharesProcess = ({ exposure: { upstreamNode: node } }: Part): boolean =>
  node.type === 'stdio' && node.isolation !== 'per-session';

/** resources/subscribe and unsubscribe follow resources/read: who may not read is told of nothing. */
const subscribe = async (call: SessionCall): Promise<void> => {
  const uri = stringParam(call.message, 'uri');
  if (uri === undefined) {
    call.reply.error(
      new GatewayError('invalid_params', 'params.uri must be a string', { rpcCode: RPC.invalidParams }),
    );
    return;
  }
  if (!admit(call, callFacts(call, uri, undefined))) return;
  const owned = await ownerOf(call.view, uri, call.server.policies.readsMimeType);
  const refused = refusal(call, uri, owned);
  const owner = owned.part;
  const link = owner?.connected?.link;
  if (refused !== undefined || owner === undefined || link === undefined || link.era !== 'legacy') {
    call.reply.error(refused ?? owner?.error ?? methodNotFound(200));
    return;
  }
  const facts = resourceFacts(callFacts(call, uri, {}), uri, owned);
  const { subscriptions } = call.session;
  const subscribes = call.message.method === 'resources/subscribe';
  if (subscribes && !subscriptions.add(uri, link.upstream, facts)) {
    call.reply.error(tooManySubscriptions());
    return;
  }
  if (!subscribes) subscriptions.delete(uri);
  if (!subscribes && sharesProcess(owner) && call.server.sessions.isSubscribed(uri)) {
    answerEmpty(call);
    return;
  }
  forward(call, owner.exposure, link, {
    upstreamName: undefined,
    parameter: 'uri',
    mirrored: [],
    idempotent: true,
    ...call.server.limits.bounds(undefined),
    onOutcome: (done) => {
      if (subscribes && !done) subscriptions.delete(uri);
    },
  });
};

const tooManySubscriptions = (): GatewayError =>
  new GatewayError('rate_limited', 'too many subscriptions', { rpcCode: RPC.limited });
