/** Requests of 2026-07-28: stateless, each with its own envelope. */
import { admitsMethod } from '../../../policies/features/features.ts';
import type { Features } from '../../../schema/graph/server.ts';
import { GatewayError, RPC } from '../../errors.ts';
import { memberText } from '../../json-members.ts';
import type { Exchange } from '../../listen/exchange.ts';
import { refuseRequest } from '../ask.ts';
import { type Call, type ClientInfo, callFacts, later } from '../call.ts';
import { hearing, mergeCapabilities, mergeInstructions } from '../capabilities.ts';
import { tellChange } from '../changes/feeds.ts';
import { methodNotFound } from '../classify.ts';
import { type ClientReply, resultText } from '../client-reply.ts';
import { callComplete } from '../complete.ts';
import { callExtension } from '../extension-method.ts';
import { mergeExtensions } from '../extensions.ts';
import { admit } from '../gate.ts';
import { callList } from '../list.ts';
import { isLogLevel } from '../log-level.ts';
import type { Message } from '../message.ts';
import { MODERN_METHODS } from '../method.ts';
import { META, MODERN_VERSION } from '../revision.ts';
import type { Place } from '../server.ts';
import { callTarget } from '../target.ts';
import { callTask } from '../task/call-task.ts';
import type { View } from '../view.ts';
import { underCeiling } from './client-ceiling.ts';
import { callListen } from './listen.ts';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const clientOf = (message: Message, infoText: string, capabilitiesText: string): ClientInfo => {
  const info = message.meta![META.clientInfo] as { name?: unknown; version?: unknown } | undefined;
  const logLevel = message.meta![META.logLevel];
  return {
    era: 'modern',
    revision: MODERN_VERSION,
    name: text(info?.name),
    version: text(info?.version),
    infoText,
    capabilitiesText,
    logLevel: typeof logLevel === 'string' ? logLevel : undefined,
  };
};

/** What tells apart views and catalogues is kept; no client of this world declares more. */
const MAX_CAPABILITIES_LENGTH = 16 * 1024;

const invalid = (message: string): GatewayError =>
  new GatewayError('invalid_params', message, { status: 400, rpcCode: RPC.invalidParams });

const metaFault = (message: Message, capabilitiesText: string): GatewayError | undefined => {
  if (capabilitiesText.length > MAX_CAPABILITIES_LENGTH)
    return invalid(`${META.clientCapabilities} is longer than ${MAX_CAPABILITIES_LENGTH} characters`);
  const logLevel = message.meta![META.logLevel];
  return logLevel === undefined || isLogLevel(logLevel) ? undefined : invalid(`${META.logLevel} is no level`);
};

/** Serves one modern request whose envelope has been checked. */
export const serveModern = (place: Place, exchange: Exchange, sent: Message, reply: ClientReply): void => {
  const { server } = place;
  const method = MODERN_METHODS.get(sent.method) ?? server.extensionMethods.get(sent.method)!;
  const idText = sent.idText!;
  exchange.record.era = 'modern';
  exchange.record.method = method.name;
  const message = underCeiling(sent, server.node.features);
  const capabilitiesText = memberText(message.text, message.members.meta, META.clientCapabilities) ?? '{}';
  const fault = metaFault(message, capabilitiesText);
  if (fault !== undefined) {
    reply.error(fault);
    return;
  }
  const call: Call = {
    exchange,
    server,
    message,
    method,
    idText,
    client: clientOf(message, server.infoText, capabilitiesText),
    view: server.views.view(exchange.principal, capabilitiesText, exchange.request.headers),
    reply,
    besides: (link, text, asked) => {
      tellChange(link, text, asked);
      refuseRequest(link, asked);
    },
    isWanted: () => !exchange.concluded,
    onCancellable: (cancel) => {
      exchange.onAbort = cancel;
    },
  };
  if (!admitsMethod(server.node.features, method.name)) {
    reply.error(methodNotFound('modern'));
    return;
  }
  dispatch(call);
};

const dispatch = (call: Call): void => {
  const { method } = call;
  switch (method.kind) {
    case 'target':
      callTarget(call, method);
      return;
    case 'list':
      callList(call, method);
      return;
    case 'complete':
      callComplete(call);
      return;
    case 'task':
      callTask(call);
      return;
    case 'extension':
      callExtension(call, method);
      return;
    case 'discover':
      discover(call);
      return;
    case 'listen':
      callListen(call);
      return;
    case 'subscribe':
    case 'ping':
    case 'set-level':
      call.reply.error(methodNotFound('modern'));
      return;
    default:
      method satisfies never;
  }
};

const extensionsMember = (view: View, features: Features): object => {
  const extensions = mergeExtensions(view.parts, features, 'modern');
  return extensions === undefined ? {} : { extensions };
};

const discover = (call: Call): void =>
  admit(call, callFacts(call, '', undefined), () =>
    later(
      call,
      call.view.prepare(undefined).then(() => hearing(call.view.parts)),
      () => answerDiscover(call),
    ),
  );

const answerDiscover = (call: Call): void => {
  const { server, view } = call;
  const instructions = mergeInstructions(view.parts, server.node.instructions);
  const result = {
    supportedVersions: server.modernVersions,
    capabilities: {
      ...mergeCapabilities(view.parts, server.node.features, 'modern'),
      ...extensionsMember(view, server.node.features),
    },
    ...(instructions === undefined ? undefined : { instructions }),
    ttlMs: 0,
    cacheScope: 'private',
    resultType: 'complete',
    _meta: { [META.serverInfo]: server.info },
  };
  call.exchange.record.outcome = 'ok';
  call.reply.response(resultText(call.idText, JSON.stringify(result)));
};
