/** initialize: a session begins (MCP 2025-11-25, lifecycle). */
import type { CallFacts } from '../../../schema/decision.ts';
import { asGatewayError, GatewayError, RPC } from '../../errors.ts';
import type { Exchange } from '../../listen/exchange.ts';
import { isObject } from '../../upstream/message.ts';
import { callFacts } from '../call.ts';
import { inTime } from '../caller-deadline.ts';
import { forwardNames, keptHeaders, type SentHeaders } from '../caller-headers.ts';
import { mergeCapabilities, mergeInstructions } from '../capabilities.ts';
import { resultText } from '../client-reply.ts';
import { mergeExtensions } from '../extensions.ts';
import { admittedBy } from '../lasting-callers.ts';
import type { Admission } from '../limits.ts';
import type { Message } from '../message.ts';
import { SINCE } from '../revision.ts';
import type { PreparedServer } from '../server.ts';
import { mergeTasks } from '../task/list-tasks.ts';
import type { Session, SessionClient } from './session.ts';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Takes the answer to initialize to whoever sent it. */
export interface Greeting {
  /** `text` is the whole response, `headers` are flat. False: nobody is there any more. */
  welcome(session: Session, text: string, headers: readonly string[]): boolean;
  refuse(error: GatewayError): void;
}

/** The client's revision if it is offered, else the newest that is. */
const negotiate = (requested: string, offered: readonly string[]): string =>
  offered.includes(requested) ? requested : offered[0]!;

const clientOf = (
  message: Message,
  offered: readonly string[],
  sentHeaders: SentHeaders,
): SessionClient | GatewayError => {
  const { protocolVersion, capabilities, clientInfo } = message.params;
  if (typeof protocolVersion !== 'string' || !isObject(capabilities) || !isObject(clientInfo))
    return new GatewayError(
      'invalid_params',
      'initialize needs protocolVersion, capabilities and clientInfo',
      {
        rpcCode: RPC.invalidParams,
      },
    );
  const version = negotiate(protocolVersion, offered);
  const { elicitation: _, ...without } = capabilities;
  return {
    version,
    // A client that declares it in a session of an older revision cannot be asked by that revision's rules.
    capabilities: version < SINCE.elicitation ? without : capabilities,
    info: { name: text(clientInfo.name), version: text(clientInfo.version) },
    infoText: JSON.stringify(clientInfo),
    sentHeaders,
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
      client: {
        era: 'legacy',
        revision: client.version,
        ...client.info,
        infoText: client.infoText,
        capabilitiesText: '{}',
        logLevel: undefined,
      },
    },
    '',
    undefined,
  );

/** The client, and whether limits leave room for its session; a promise where other replicas are asked. */
const admitClient = (
  server: PreparedServer,
  exchange: Exchange,
  message: Message,
  offered: readonly string[],
): { client: SessionClient; facts: CallFacts; admission: Admission | Promise<Admission> | undefined } => {
  const sent = keptHeaders(forwardNames(server.exposures), exchange.request.headers);
  const client = clientOf(message, offered, sent);
  if (client instanceof GatewayError) throw client;
  const { limits } = server;
  const facts = factsOf(server, exchange, message, client);
  return { client, facts, admission: limits.counts ? limits.admit(facts) : undefined };
};

/**
 * Opens a session and its conversations upstream; answers when each is up, has failed or has had its time.
 * `offered` are the revisions to choose from, newest first.
 */
export const serveInitialize = (
  server: PreparedServer,
  exchange: Exchange,
  message: Message,
  offered: readonly string[],
  greeting: Greeting,
): void => {
  const refuse = (thrown: unknown): void => greeting.refuse(asGatewayError(thrown));
  try {
    const { client, facts, admission } = admitClient(server, exchange, message, offered);
    const open = (found: Admission | undefined): void => {
      if (exchange.concluded) return;
      if (found?.refusal !== undefined) {
        server.metrics.limited(found.limit);
        throw found.refusal;
      }
      const admitted = admittedBy(exchange, server.node.name, 'server');
      const session = server.sessions.open(admitted, server, client, facts);
      welcome(session, server, exchange, message.idText!, greeting, found?.headers ?? []);
    };
    if (admission instanceof Promise) admission.then(open).catch(refuse);
    else open(admission);
  } catch (thrown) {
    refuse(thrown);
  }
};

const welcome = (
  session: Session,
  server: PreparedServer,
  exchange: Exchange,
  idText: string,
  greeting: Greeting,
  headers: readonly string[],
): void => {
  let isOver = false;
  /** False the second time. */
  const over = (): boolean => {
    if (isOver) return false;
    isOver = true;
    exchange.onAbort = undefined;
    session.greeted();
    return true;
  };
  const refuse = (error: GatewayError): void => {
    if (!over()) return;
    server.sessions.end(session);
    greeting.refuse(error);
  };
  session.greets({ exposures: server.exposures, refuse });
  if (isOver) return;
  // Nobody learns the id of a session whose client has gone meanwhile.
  exchange.onAbort = () => {
    if (over()) server.sessions.end(session);
  };
  greet(server, session, exchange, idText).then(
    (text) => {
      if (!over()) return;
      exchange.record.outcome = 'ok';
      if (!greeting.welcome(session, text, headers)) server.sessions.end(session);
    },
    (thrown: unknown) => refuse(asGatewayError(thrown)),
  );
};

const KINDS = ['tools', 'prompts', 'resources'] as const;

/** The whole response, made of what is there when its caller gives it up. */
const greet = async (
  server: PreparedServer,
  session: Session,
  exchange: Exchange,
  idText: string,
): Promise<string> => {
  const view = session.viewOn(server);
  const waited = inTime({ server, exchange }, view.prepare(undefined));
  const isGivenUp = await waited.then(
    () => false,
    () => true,
  );
  const failed = view.parts.find((part) => part.connected === undefined);
  if (view.parts.every((part) => part.connected === undefined)) {
    if (!isGivenUp) session.links.giveUp();
    throw failed?.error ?? slowUpstream();
  }
  const instructions = mergeInstructions(view.parts, server.node.instructions);
  const merged = mergeCapabilities(view.parts, server.node.features, 'legacy');
  const { completions: _, ...older } = merged;
  const capabilities = session.version < SINCE.completions ? older : merged;
  session.promised = KINDS.filter((kind) => capabilities[kind]?.listChanged === true);
  const tasks = session.tasks && server.node.features.tasks ? mergeTasks(view.parts) : undefined;
  const extensions = mergeExtensions(view.parts, server.node.features, 'legacy');
  const result = {
    protocolVersion: session.version,
    capabilities: {
      ...capabilities,
      ...(tasks === undefined ? undefined : { tasks }),
      ...(extensions === undefined ? undefined : { extensions }),
    },
    serverInfo: server.info,
    ...(instructions === undefined ? undefined : { instructions }),
  };
  return resultText(idText, JSON.stringify(result));
};

const slowUpstream = (): GatewayError =>
  new GatewayError('upstream_timeout', 'the upstream did not answer in time', { rpcCode: RPC.upstream });
