/** A small MCP server on node:http for tests: both eras, quick answers, and any misbehaviour on demand. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from './free-port.ts';

export interface RpcMessage {
  readonly jsonrpc: '2.0';
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** What a behaviour answers to. */
export interface Received {
  readonly message: RpcMessage;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** How many times a behaviour was asked since it was set, this time included. */
  readonly count: number;
}

export type Behaviour = (received: Received) => void;

export interface FastUpstream {
  readonly url: string;
  readonly port: number;
  /** `tools/call` requests received. */
  readonly calls: number;
  /** Everything received over POST, with its headers. */
  readonly log: readonly { readonly message: RpcMessage; readonly headers: IncomingMessage['headers'] }[];
  /** Live session ids. */
  readonly sessions: ReadonlySet<string>;
  /** How `tools/call` is answered from now on. */
  behave(behaviour: Behaviour): void;
  /** Answers to a method other than `tools/call`, instead of the built-in ones. */
  on(method: string, behaviour: Behaviour): void;
  /** How a GET is answered; by default 405. */
  onGet(behaviour: (request: IncomingMessage, response: ServerResponse) => void): void;
  /** How a DELETE is answered instead of by ending the session. */
  onDelete(behaviour: (request: IncomingMessage, response: ServerResponse) => void): void;
  /** Forgets all sessions, as a restart would. */
  forgetSessions(): void;
  /** Resolves when `condition` holds; looks again whenever something arrives or a connection closes. */
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export interface FastUpstreamOptions {
  readonly eras?: readonly ('modern' | 'legacy')[];
  /** Whether the legacy era hands out session ids. */
  readonly sessions?: boolean;
  /** One that is nobody else's if absent, also after it was closed. */
  readonly port?: number;
}

const META = { 'io.modelcontextprotocol/serverInfo': { name: 'fast-upstream', version: '1.0.0' } };
const CAPABILITIES = { tools: { listChanged: true }, resources: { subscribe: true }, prompts: {} };
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

export const json = (response: ServerResponse, value: unknown, status = 200): void => {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
};

export const openStream = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
};

export const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

const isModern = (message: RpcMessage): boolean => {
  const meta = message.params?._meta;
  return typeof meta === 'object' && meta !== null && VERSION_KEY in meta;
};

/** The result of a tool that says what it was asked. */
export const echoResult = (message: RpcMessage): Record<string, unknown> => ({
  content: [{ type: 'text', text: JSON.stringify(message.params?.arguments ?? {}) }],
  ...(isModern(message) ? { resultType: 'complete', _meta: META } : {}),
});

/** Answers at once with JSON. */
export const answer: Behaviour = ({ message, response }) =>
  json(response, { jsonrpc: '2.0', id: message.id, result: echoResult(message) });

/** Begins to answer with a stream: one progress notification. */
export const beginStream: Behaviour = ({ message, response }) => {
  const meta = message.params?._meta as { progressToken?: unknown } | undefined;
  openStream(response);
  response.write(
    event({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: meta?.progressToken ?? message.id, progress: 1 },
    }),
  );
};

/** Ends the stream that was begun with the response. */
export const endStream: Behaviour = ({ message, response }) =>
  response.end(event({ jsonrpc: '2.0', id: message.id, result: echoResult(message) }));

/** Answers with a stream: one progress notification, then the response. */
export const answerAsStream: Behaviour = (received) => {
  beginStream(received);
  endStream(received);
};

/** Never answers. */
export const hang: Behaviour = () => undefined;

/** Breaks the connection before a byte of an answer. */
export const reset: Behaviour = ({ request }) => request.socket.resetAndDestroy();

/** Refuses `times` times with `status`, then answers. */
export const refuse =
  (status: number, times = Number.POSITIVE_INFINITY, headers: Record<string, string> = {}): Behaviour =>
  (received) => {
    if (received.count > times) answer(received);
    else received.response.writeHead(status, headers).end('secret detail of the inside');
  };

class Running implements FastUpstream {
  calls = 0;
  readonly log: { message: RpcMessage; headers: IncomingMessage['headers'] }[] = [];
  readonly sessions = new Set<string>();
  readonly #options: FastUpstreamOptions;
  readonly #server: Server;
  readonly #methods = new Map<string, { behaviour: Behaviour; count: number }>();
  #get: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) =>
    response.writeHead(405).end();
  #delete: (request: IncomingMessage, response: ServerResponse) => void = (request, response) =>
    response.writeHead(this.sessions.delete(String(request.headers['mcp-session-id'])) ? 200 : 404).end();
  #waiting: (() => void)[] = [];

  constructor(options: FastUpstreamOptions) {
    this.#options = options;
    // A connection that a gateway is about to use again must not end then.
    this.#server = createServer({ keepAliveTimeout: 120_000 }, (request, response) =>
      this.#receive(request, response),
    );
    this.#server.on('connection', (socket) => socket.on('close', () => this.#wake()));
    this.behave(answer);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  async listen(): Promise<void> {
    const port = this.#options.port ?? (await freePort());
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  }

  behave(behaviour: Behaviour): void {
    this.on('tools/call', behaviour);
  }

  on(method: string, behaviour: Behaviour): void {
    this.#methods.set(method, { behaviour, count: 0 });
  }

  onGet(behaviour: (request: IncomingMessage, response: ServerResponse) => void): void {
    this.#get = behaviour;
  }

  onDelete(behaviour: (request: IncomingMessage, response: ServerResponse) => void): void {
    this.#delete = behaviour;
  }

  forgetSessions(): void {
    this.sessions.clear();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'GET') {
      this.#get(request, response);
      this.#wake();
      return;
    }
    if (request.method === 'DELETE') {
      this.#delete(request, response);
      this.#wake();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const message = JSON.parse(Buffer.concat(chunks).toString('utf8')) as RpcMessage;
      this.log.push({ message, headers: request.headers });
      this.#answer(message, request, response);
      this.#wake();
    });
  }

  #answer(message: RpcMessage, request: IncomingMessage, response: ServerResponse): void {
    const eras = this.#options.eras ?? ['modern', 'legacy'];
    const era = isModern(message) ? 'modern' : 'legacy';
    if (!eras.includes(era)) {
      if (era === 'modern') response.writeHead(400).end('Bad Request');
      else json(response, { jsonrpc: '2.0', id: message.id, error: UNSUPPORTED }, 400);
      return;
    }
    if (era === 'legacy' && !this.#inSession(message, request, response)) return;
    if (message.id === undefined || message.method === undefined) {
      const scripted = this.#methods.get(message.method ?? '');
      if (scripted === undefined) response.writeHead(202).end();
      else this.#run(scripted, message, request, response);
      return;
    }
    if (message.method === 'tools/call') this.calls += 1;
    const scripted = this.#methods.get(message.method);
    if (scripted !== undefined) this.#run(scripted, message, request, response);
    else this.#builtIn(message, response);
  }

  #run(
    scripted: { behaviour: Behaviour; count: number },
    message: RpcMessage,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    scripted.count += 1;
    scripted.behaviour({ message, request, response, count: scripted.count });
  }

  #inSession(message: RpcMessage, request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#options.sessions === false) return true;
    if (message.method === 'initialize') {
      const id = randomUUID();
      this.sessions.add(id);
      response.setHeader('mcp-session-id', id);
      return true;
    }
    if (this.sessions.has(String(request.headers['mcp-session-id']))) return true;
    json(response, { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } }, 404);
    return false;
  }

  #builtIn(message: RpcMessage, response: ServerResponse): void {
    const { id, method, params } = message;
    if (method === 'server/discover') {
      const cache = { ttlMs: 0, cacheScope: 'private' };
      const result = { supportedVersions: ['2026-07-28'], capabilities: CAPABILITIES, ...cache };
      json(response, { jsonrpc: '2.0', id, result: { ...result, resultType: 'complete', _meta: META } });
    } else if (method === 'initialize') {
      const serverInfo = { name: 'fast-upstream', version: '1.0.0' };
      const { protocolVersion } = params as { protocolVersion: string };
      json(response, {
        jsonrpc: '2.0',
        id,
        result: { protocolVersion, capabilities: CAPABILITIES, serverInfo },
      });
    } else {
      json(response, { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }, 404);
    }
  }
}

const UNSUPPORTED = {
  code: -32022,
  message: 'Unsupported protocol version',
  data: { supported: ['2026-07-28'], requested: '2025-11-25' },
};

export const startFastUpstream = async (options: FastUpstreamOptions = {}): Promise<FastUpstream> => {
  const running = new Running(options);
  await running.listen();
  return running;
};
