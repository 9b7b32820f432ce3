/** An HTTP API for tests: a real server that keeps what it was asked. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from './free-port.ts';

export interface ApiRequestSeen {
  readonly method: string;
  /** As it was on the wire. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** Answers a request, whose body has been read. */
export type Answer = (seen: ApiRequestSeen, response: ServerResponse, request: IncomingMessage) => void;

export interface HttpApi extends AsyncDisposable {
  readonly port: number;
  readonly origin: string;
  readonly seen: ApiRequestSeen[];
  /** What answers from now on. */
  answer: Answer;
  /** Resolves with the next request, from now on. */
  next(): Promise<ApiRequestSeen>;
  close(): Promise<void>;
}

/** Answers with a status and a body; an object as JSON. */
export const reply =
  (status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): Answer =>
  (_seen, response) => {
    const isJson = typeof body === 'object' && body !== null && !Buffer.isBuffer(body);
    const type: Record<string, string> = isJson ? { 'content-type': 'application/json' } : {};
    response.writeHead(status, { ...type, ...headers });
    response.end(isJson ? JSON.stringify(body) : (body as string | Buffer));
  };

/** Answers with what was asked. */
export const echo: Answer = ({ method, url, headers, body }, response) =>
  reply(200, { method, url, headers, body: body.toString() })(
    {} as ApiRequestSeen,
    response,
    {} as IncomingMessage,
  );

/** Starts it on a loopback address. */
export const startHttpApi = async (
  answer: Answer = echo,
  host = '127.0.0.1',
  wantedPort?: number,
): Promise<HttpApi> => {
  const seen: ApiRequestSeen[] = [];
  const waiting: ((request: ApiRequestSeen) => void)[] = [];
  // A connection that a gateway is about to use again must not end then.
  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = request;
      const each = { method, url, headers, rawHeaders, body: Buffer.concat(chunks) };
      seen.push(each);
      for (const resolve of waiting.splice(0)) resolve(each);
      api.answer(each, response, request);
    });
  });
  server.listen(wantedPort ?? (await freePort()), host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  const api: HttpApi = {
    port,
    origin: `http://${host}:${port}`,
    seen,
    answer,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    close,
    [Symbol.asyncDispose]: close,
  };
  return api;
};
