/** initialize: a session begins (MCP 2025-11-25, lifecycle). */
import { asGatewayError, GatewayError, RPC } from '../../errors.ts';
import type { Exchange } from '../../listen/exchange.ts';
import { replyError, replyJson } from '../../listen/reply.ts';
import { mergeCapabilities, mergeInstructions } from '../capabilities.ts';
import { resultText } from '../client-reply.ts';
import type { Message } from '../message.ts';
import type { PreparedServer } from '../server.ts';
import type { Session, SessionClient } from './session.ts';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

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

/** Opens a session and its conversations upstream; answers when each is up, has failed or has had its time. */
export const serveInitialize = async (
  server: PreparedServer,
  exchange: Exchange,
  message: Message,
): Promise<void> => {
  const idText = message.idText!;
  const client = clientOf(message, server);
  if (client instanceof GatewayError) {
    replyError(exchange, client, idText);
    return;
  }
  let session: Session;
  try {
    session = server.sessions.open(exchange.principal, server, client);
  } catch (thrown) {
    replyError(exchange, asGatewayError(thrown), idText);
    return;
  }
  const view = session.viewOn(server);
  await view.prepare(undefined);
  const failed = view.parts.find((part) => part.connected === undefined);
  if (view.parts.every((part) => part.connected === undefined)) {
    server.sessions.end(session);
    replyError(exchange, failed?.error ?? slowUpstream(), idText);
    return;
  }
  const instructions = mergeInstructions(view.parts, server.node.instructions);
  const result = {
    protocolVersion: session.version,
    capabilities: mergeCapabilities(view.parts, server.node.features, 'legacy'),
    serverInfo: server.info,
    ...(instructions === undefined ? undefined : { instructions }),
  };
  exchange.record.outcome = 'ok';
  replyJson(exchange, 200, resultText(idText, JSON.stringify(result)), ['mcp-session-id', session.id]);
};

const slowUpstream = (): GatewayError =>
  new GatewayError('upstream_timeout', 'the upstream did not answer in time', { rpcCode: RPC.upstream });
