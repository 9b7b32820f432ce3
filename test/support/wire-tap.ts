/** An HTTP proxy on loopback that changes nothing and hears every JSON-RPC message that passes. */
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { WireMessage } from './wire-conversation.ts';
import { WireRecord } from './wire-conversation.ts';
import { type Sessions, TappedExchange } from './wire-exchange.ts';

export interface WireTap {
  /** Scheme, host and port to use instead of the target's. */
  readonly origin: string;
  /** Cuts the connections that an answer is on its way on, as a network that fails. */
  dropStreams(): void;
  close(): Promise<void>;
}

/** A tap before an upstream: what the gateway sends there is judged. */
export interface UpstreamTap {
  /** To be given to the gateway in place of the upstream's own. */
  readonly url: string;
  readonly messages: readonly WireMessage[];
  readonly violations: readonly string[];
  dropStreams(): void;
  /** Throws if the gateway broke the protocol. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Each connection of a client has one of its own to the target, so that both ends see what they would without a tap. */
const agents = new WeakMap<Socket, Agent>();

const agentOf = (socket: Socket): Agent => {
  const known = agents.get(socket);
  if (known !== undefined) return known;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.set(socket, agent);
  socket.once('close', () => agent.destroy());
  return agent;
};

const answer = (incoming: IncomingMessage, response: ServerResponse, exchange: TappedExchange): void => {
  exchange.responseHead(incoming.statusCode!, incoming.headers);
  response.sendDate = false;
  response.writeHead(incoming.statusCode!, incoming.statusMessage, incoming.rawHeaders);
  response.flushHeaders();
  incoming.on('data', (chunk: Buffer) => exchange.responseChunk(chunk));
  incoming.on('end', () => exchange.responseEnd());
  incoming.on('close', () => {
    if (!incoming.complete) response.destroy();
  });
  incoming.on('error', () => response.destroy());
  incoming.pipe(response);
};

const pass = (
  target: URL,
  request: IncomingMessage,
  response: ServerResponse,
  exchange: TappedExchange,
): void => {
  const { remoteAddress } = request.socket;
  const outgoing = httpRequest({
    // The target sees the address of the client: on loopback any may be taken.
    ...(remoteAddress?.startsWith('127.') && { localAddress: remoteAddress }),
    host: target.hostname.replace(/^\[|\]$/g, ''),
    port: target.port,
    method: request.method,
    path: request.url,
    headers: request.rawHeaders,
    setHost: false,
    agent: agentOf(request.socket),
  });
  outgoing.on('response', (incoming) => answer(incoming, response, exchange));
  outgoing.on('error', () => {
    if (!response.headersSent) response.destroy();
  });
  response.on('close', () => {
    if (!response.writableFinished) outgoing.destroy();
  });
  request.on('data', (chunk: Buffer) => exchange.requestChunk(chunk));
  request.on('end', () => exchange.settle());
  request.pipe(outgoing);
};

/** Starts a tap before the origin of `target`. What is heard goes into `record`. */
export const startWireTap = async (target: string, record: WireRecord): Promise<WireTap> => {
  const url = new URL(target);
  const sessions: Sessions = new Map();
  const answering = new Set<ServerResponse>();
  const server = createServer(
    { keepAlive: true, keepAliveTimeout: 0, requestTimeout: 0 },
    (request, response) => {
      const [path] = request.url!.split('?');
      const head = { method: request.method!, path: path!, headers: request.headers };
      answering.add(response);
      response.once('close', () => answering.delete(response));
      pass(url, request, response, new TappedExchange(record, sessions, head));
    },
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    dropStreams: () => {
      for (const response of answering) if (response.headersSent) response.destroy();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
};

/** Puts a tap before an upstream's MCP endpoint; what the gateway says there is judged, the answers are recorded. */
export const tapUpstream = async (url: string): Promise<UpstreamTap> => {
  const record = new WireRecord(['client']);
  const tap = await startWireTap(url, record);
  const { pathname, search } = new URL(url);
  const close = async (): Promise<void> => {
    await tap.close();
    record.verify();
  };
  return {
    url: tap.origin + pathname + search,
    messages: record.messages,
    violations: record.violations,
    dropStreams: tap.dropStreams,
    close,
    [Symbol.asyncDispose]: close,
  };
};
