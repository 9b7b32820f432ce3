/**
 * A process of its own: what any proxy on these libraries pays. node:http in front, undici's dispatch behind, bodies
 * buffered, a handful of headers, and nothing else. Arguments: the upstream's port and, where callers have sessions,
 * `sessions`. Prints its own port.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';

const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`, { connections: 64, pipelining: 1 });
const SESSION = 'mcp-session-id';
/** Whether callers have sessions, which are the upstream's. */
const hasSessions = process.argv[3] === 'sessions';
const FORWARDED = [
  'content-type',
  'accept',
  'mcp-protocol-version',
  ...(hasSessions ? [SESSION] : ['mcp-method', 'mcp-name']),
];

const join = (chunks: readonly Buffer[]): Buffer =>
  chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);

class Reply implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  #status = 0;
  #contentType = '';
  #session = '';
  readonly #chunks: Buffer[] = [];

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: object): void {
    this.#status = status;
    this.#contentType = (headers as Record<string, string>)['content-type'] ?? '';
    if (hasSessions) this.#session = (headers as Record<string, string>)[SESSION] ?? '';
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body = join(this.#chunks);
    const head = ['content-type', this.#contentType, 'content-length', String(body.length)];
    if (this.#session !== '') head.push(SESSION, this.#session);
    this.#response.writeHead(this.#status, head);
    this.#response.end(body);
  }

  onResponseError(): void {
    this.#response.writeHead(502).end();
  }
}

const forward = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
  const headers: string[] = [];
  for (const name of FORWARDED) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.push(name, value);
  }
  const path = request.url ?? '/';
  pool.dispatch({ path, method: request.method ?? 'POST', headers, body }, new Reply(response));
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => forward(request, response, join(chunks)));
});
server.listen(0, '127.0.0.1', 1024, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(address.port);
});
