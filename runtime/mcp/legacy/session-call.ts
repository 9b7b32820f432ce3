/** Requests within a legacy session. */
import { admitsMethod } from '../../../policies/features/features.ts';
import { asGatewayError, GatewayError, RPC } from '../../errors.ts';
import type { Exchange } from '../../listen/exchange.ts';
import type { Call } from '../call.ts';
import { callFacts, later } from '../call.ts';
import { methodNotFound } from '../classify.ts';
import type { ClientReply } from '../client-reply.ts';
import { callComplete } from '../complete.ts';
import { callExtension } from '../extension-method.ts';
import { admit } from '../gate.ts';
import { callList } from '../list.ts';
import { isLogLevel } from '../log-level.ts';
import { type Message, stringParam } from '../message.ts';
import { LEGACY_METHODS, type Method } from '../method.ts';
import type { PreparedServer } from '../server.ts';
import { callTarget } from '../target.ts';
import { callSessionTask } from '../task/call-session-task.ts';
import { answerEmpty } from './empty-answer.ts';
import type { Session } from './session.ts';
import { serveSubscribe } from './session-subscribe.ts';

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
  const view = session.viewOn(server);
  session.calledWith(exchange.request.headers, view);
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
      revision: session.version,
      name: client.info.name,
      version: client.info.version,
      infoText: client.infoText,
      capabilitiesText: session.capabilitiesText,
      logLevel: session.logLevel,
    },
    view,
    reply,
    input: session,
    tasks: session.tasks,
    besides: (link, text, asked) =>
      session.fromUpstream(link, text, asked, idText, (told) => reply.message(told)),
    onCancellable: (cancel, pause) => session.inFlight.started(idText, cancel, pause),
    isWanted: () => session.inFlight.has(idText),
  };
};

/** The answer to a request whose id waits for an answer already. */
export const idInUse = (): GatewayError =>
  new GatewayError('invalid_request', 'the id is in use, or too many requests are', {
    status: 400,
    rpcCode: RPC.invalidRequest,
  });

/**
 * Answers a request of a session. False: it is not answered, because its id waits for an answer already; its reply
 * must not be used, for it would end that of the other.
 */
export const serveRequest = (call: SessionCall): boolean => {
  if (!call.session.inFlight.begin(call.idText, call.reply)) return false;
  try {
    dispatchRequest(call);
  } catch (thrown) {
    call.reply.error(asGatewayError(thrown));
  }
  return true;
};

const dispatchRequest = (call: SessionCall): void => {
  const { method } = call;
  if (!call.known || !admitsMethod(call.server.node.features, method.name)) {
    call.reply.error(methodNotFound('legacy'));
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
      serveSubscribe(call);
      return;
    case 'extension':
      callExtension(call, method);
      return;
    case 'task':
      callSessionTask(call);
      return;
    case 'discover':
    case 'listen':
      call.reply.error(methodNotFound('legacy'));
      return;
    default:
      method satisfies never;
  }
};

const setLevel = (call: SessionCall): void => {
  const level = stringParam(call.message, 'level');
  if (level === undefined || !isLogLevel(level)) {
    call.reply.error(new GatewayError('invalid_params', 'unknown log level', { rpcCode: RPC.invalidParams }));
    return;
  }
  admit(call, callFacts(call, '', undefined), () =>
    later(call, call.session.setLogLevel(level), () => answerEmpty(call)),
  );
};
