/** initialize: a session begins (MCP 2025-11-25, lifecycle). */
import type { CallFacts } from '../../../schema/decision.ts';
import { asGatewayError, GatewayError, RPC } from '../../errors.ts';
import type { Exchange } from '../../listen/exchange.ts';
import { replyError, replyJson } from '../../listen/reply.ts';
import { isObject } from '../../upstream/message.ts';
import { callFacts } from '../call.ts';
import { mergeCapabilities, mergeInstructions } from '../capabilities.ts';
import { resultText } from '../client-reply.ts';
import type { Message } from '../message.ts';
import type { PreparedServer } from '../server.ts';
import type { Session, SessionClient } from './session.ts';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A client that declares it in a session of an older revision cannot be asked by that revision's rules. */
const ELICITATION_SINCE = '2025-06-18';

/** The client's revision if it is served, else the newest that is. */
const negotiate = (requested: string, server: PreparedServer): string =>
  server.legacyVersions.includes(requested) ? requested : server.legacyVersions[0]!;

const clientOf = (message: Message, server: PreparedServer): SessionClient | GatewayError => {
  const { protocolVersion, capabilities, clientInfo } = message.params;
  if (typeof protocolVersion !== 'string' || !isObject(capabilities) || !isObject(clientInfo))
    return new GatewayError(
      'invalid_params',
      'initialize needs protocolVersion, capabilities and clientInfo',
      {
        rpcCode: RPC.invalidParams,
      },
    );
  const version = negotiate(protocolVersion, server);
  const { elicitation: _, ...without } = capabilities;
  return {
    version,
    capabilities: version < ELICITATION_SINCE ? without : capabilities,
    info: { name: text(clientInfo.name), version: text(clientInfo.version) },
    infoText: JSON.stringify(clientInfo),
  };
};

/** What limits and rules see of an initialize. */
const factsOf = (
  server: PreparedServer,
  exchange: Exchange,
  message: Message,
  client: SessionClient,
): CallFacts =>
  callFacts(
    {
      server,
      exchange,
      message,
      idText: message.idText!,
      client: { era: 'legacy', ...client.info, infoText: client.infoText, logLevel: undefined },
    },
    '',
    undefined,
  );

/** A session for the client, if limits and bounds leave room for one. */
const openSession = (
  server: PreparedServer,
  exchange: Exchange,
  message: Message,
): { session: Session; headers: readonly string[] } => {
  const client = clientOf(message, server);
  if (client instanceof GatewayError) throw client;
  const admission = server.limits.counts
    ? server.limits.admit(factsOf(server, exchange, message, client))
    : undefined;
  if (admission?.refusal !== undefined) {
    server.metrics.limited(admission.limit);
    throw admission.refusal;
  }
  return {
    session: server.sessions.open(exchange.principal, exchange.clientAddress, server, client),
    headers: admission?.headers ?? [],
  };
};

/** Opens a session and its conversations upstream; answers when each is up, has failed or has had its time. */
export const serveInitialize = (server: PreparedServer, exchange: Exchange, message: Message): void => {
  try {
    const { session, headers } = openSession(server, exchange, message);
    greet(server, exchange, message.idText!, session, headers).catch((thrown: unknown) => {
      server.sessions.end(session);
      replyError(exchange, asGatewayError(thrown), message.idText);
    });
  } catch (thrown) {
    replyError(exchange, asGatewayError(thrown), message.idText);
  }
};

const KINDS = ['tools', 'prompts', 'resources'] as const;

const greet = async (
  server: PreparedServer,
  exchange: Exchange,
  idText: string,
  session: Session,
  headers: readonly string[],
): Promise<void> => {
  const view = session.viewOn(server);
  await view.prepare(undefined);
  const failed = view.parts.find((part) => part.connected === undefined);
  if (view.parts.every((part) => part.connected === undefined)) throw failed?.error ?? slowUpstream();
  const instructions = mergeInstructions(view.parts, server.node.instructions);
  const capabilities = mergeCapabilities(view.parts, server.node.features, 'legacy');
  session.announced = KINDS.filter((kind) => capabilities[kind]?.listChanged === true);
  const result = {
    protocolVersion: session.version,
    capabilities,
    serverInfo: server.info,
    ...(instructions === undefined ? undefined : { instructions }),
  };
  exchange.record.outcome = 'ok';
  const body = resultText(idText, JSON.stringify(result));
  // Nobody learns the id of a session whose client has gone meanwhile.
  if (!replyJson(exchange, 200, body, [...headers, 'mcp-session-id', session.id]))
    server.sessions.end(session);
};

const slowUpstream = (): GatewayError =>
  new GatewayError('upstream_timeout', 'the upstream did not answer in time', { rpcCode: RPC.upstream });
