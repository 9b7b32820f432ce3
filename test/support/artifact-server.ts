/** A web server that publishes an artifact, well or badly. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificate.ts';
import { freePort } from './free-port.ts';

export type Behaviour = 'good' | 'failing' | 'hanging' | 'truncated' | 'endless' | 'moved' | 'encoded';

const CHUNK = Buffer.alloc(1024 * 1024, 0x20);

export class ArtifactServer {
  /** By path. */
  readonly files = new Map<string, string>();
  behaviour: Behaviour = 'good';
  /** What a path answers next, once each. */
  readonly next = new Map<string, (string | undefined)[]>();
  modifiedAt: string | undefined;
  /** Status and path of every answer that was begun. */
  readonly answers: string[] = [];
  /** When each of them was begun, as `performance.now` counts. */
  readonly answeredAtMs: number[] = [];
  readonly #server: Server;
  readonly #scheme: string;

  constructor(certificate?: Certificate) {
    const serve = (request: IncomingMessage, response: ServerResponse) => this.#serve(request, response);
    this.#scheme = certificate === undefined ? 'http' : 'https';
    this.#server =
      certificate === undefined
        ? createServer(serve)
        : createTlsServer({ cert: certificate.certificate, key: certificate.key }, serve);
  }

  /** At a port that is nobody else's unless one is given. */
  async listen(given?: number): Promise<void> {
    const port = given ?? (await freePort());
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(port, '127.0.0.1', resolve);
    await promise;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path: string): string {
    return `${this.#scheme}://127.0.0.1:${this.port}${path}`;
  }

  /** The server is gone until it listens again. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url!;
    const queued = this.next.get(path)?.shift();
    const text = queued ?? this.files.get(path);
    const status = this.#statusOf(request, text);
    this.answers.push(`${status} ${path}`);
    this.answeredAtMs.push(performance.now());
    if (this.behaviour === 'hanging') return;
    if (this.modifiedAt !== undefined) response.setHeader('last-modified', this.modifiedAt);
    if (status === 200 || status === 304) response.setHeader('etag', etagOf(text!));
    if (this.behaviour === 'moved') response.setHeader('location', '/elsewhere');
    if (this.behaviour === 'encoded') response.setHeader('content-encoding', 'gzip');
    response.statusCode = status;
    if (status !== 200) response.end();
    else this.#send(response, text!);
  }

  #statusOf(request: IncomingMessage, text: string | undefined): number {
    if (this.behaviour === 'failing') return 500;
    if (this.behaviour === 'moved') return 302;
    if (text === undefined) return 404;
    return request.headers['if-none-match'] === etagOf(text) ? 304 : 200;
  }

  #send(response: ServerResponse, text: string): void {
    if (this.behaviour === 'endless') {
      const more = () => {
        while (!response.destroyed && response.write(CHUNK)) {}
      };
      response.on('drain', more);
      more();
    } else if (this.behaviour === 'truncated') {
      response.setHeader('content-length', Buffer.byteLength(text));
      response.write(text.slice(0, text.length / 2), () => response.destroy());
    } else response.end(text);
  }
}

const etagOf = (text: string): string => `"${createHash('sha256').update(text).digest('hex')}"`;
