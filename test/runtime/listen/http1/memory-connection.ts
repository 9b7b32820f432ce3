/** A connection of HTTP/1.1 whose bytes are handed to it by a test, and which serves what it is told. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { Http1Connection } from '../../../../runtime/listen/http1/connection.ts';
import { type Host, keepAliveLineOf } from '../../../../runtime/listen/http1/host.ts';
import type { Http1Request } from '../../../../runtime/listen/http1/request.ts';
import type { Http1Response } from '../../../../runtime/listen/http1/response.ts';

/** A request as it was understood. */
export interface Seen {
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly headers: object;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** Keeps what is written to it. */
class MemorySocket extends Duplex {
  text = '';

  constructor() {
    super({ decodeStrings: true });
    this.resume();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.text += chunk.toString('latin1');
    callback();
  }

  destroySoon(): void {
    this.end();
    this.destroy();
  }

  setTimeout(): void {}
}

const LIMITS = { headBytes: 2_048, headTimeoutMs: 10_000, bodyTimeoutMs: 10_000, idleTimeoutMs: 10_000 };

/** Reads every body and answers 200 when it has come whole. */
export class MemoryConnection implements Host {
  readonly limits = LIMITS;
  readonly keepAliveLine = keepAliveLineOf(LIMITS.idleTimeoutMs);
  readonly socket = new MemorySocket();
  readonly seen: Seen[] = [];
  /** Requests that have begun. */
  begun = 0;
  readonly connection = new Http1Connection(this.socket as unknown as Socket, '', this);

  /** As a socket does: in memory that the next piece, of this connection or another, is read into. */
  #receive(piece: Buffer): void {
    const lent = Buffer.from(piece);
    this.connection.receive(lent);
    lent.fill('?');
  }

  /** Hands it pieces one by one, and waits until it has done all it can. */
  async feed(pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) this.#receive(piece);
    for (let before = -1; before < this.socket.text.length; ) {
      before = this.socket.text.length;
      await setImmediate();
      await setImmediate();
    }
  }

  /** The statuses of the replies. */
  get statuses(): readonly string[] {
    return this.socket.text.match(/(?<=HTTP\/1\.1 )\d+/g) ?? [];
  }

  take(_connection: Http1Connection, request: Http1Request, response: Http1Response): void {
    this.begun += 1;
    const chunks: Buffer[] = [];
    const { method, url, headers, rawHeaders } = request;
    response.writeContinue();
    request.read({
      onData: (chunk) => chunks.push(chunk),
      onEnd: () => {
        const body = Buffer.concat(chunks).toString('latin1');
        this.seen.push({ method, target: url, headers: { ...headers }, rawHeaders, body });
        response.writeHead(200, ['content-length', '2']);
        response.end('ok');
      },
      onGone: () => undefined,
    });
  }

  switches(): boolean {
    return false;
  }
  upgrade(..._asked: Parameters<Host['upgrade']>): void {}
  refused(): string {
    return '';
  }
  stalled(): void {}
  gone(): void {}
}

/** What a connection makes of pieces. */
export const understood = async (pieces: readonly Buffer[]) => {
  const connection = new MemoryConnection();
  await connection.feed(pieces);
  const { seen, statuses, begun, socket } = connection;
  const closed = socket.destroyed;
  socket.destroy();
  return { seen, statuses, begun, closed };
};
