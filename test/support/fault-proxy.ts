/** A TCP proxy in front of an upstream that does to connections what networks and broken servers do. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.ts';

export type Fault =
  | 'none'
  /** Nothing listens, and who was connected is cut off. */
  | 'refuses'
  /** Requests are read and never answered. */
  | 'hangs before headers'
  | 'hangs mid-body'
  /** A byte of the body at a time, too slowly. */
  | 'dribbles'
  | 'resets'
  /** Answers with what is no HTTP. */
  | 'answers garbage'
  /** Answers, and closes without having said so. */
  | 'closes after each reply'
  | 'answers 503';

export interface FaultProxy {
  readonly port: number;
  /** The upstream's URL through the proxy. */
  readonly url: string;
  /** Connections that were made to it. */
  readonly connects: number;
  /** What is done to requests from now on. */
  inject(fault: Fault): Promise<void>;
  close(): Promise<void>;
}

const DRIBBLE_MS = 25;

/** Where headers and body of the reply at the start of `bytes` end; undefined while they are not known. */
const endsOf = (bytes: Buffer): { readonly head: number; readonly body: number } | undefined => {
  const at = bytes.indexOf('\r\n\r\n');
  if (at < 0) return undefined;
  const head = at + 4;
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, head));
  return { head, body: head + Number(length?.[1] ?? 0) };
};

/** One connection with its own to the upstream. */
class Pair {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #fault: () => Fault;
  #reply: Buffer = Buffer.alloc(0);
  #dribble: NodeJS.Timeout | undefined;

  constructor(client: Socket, upstreamPort: number, fault: () => Fault) {
    this.#client = client;
    this.#fault = fault;
    this.#upstream = connect(upstreamPort, '127.0.0.1');
    client.on('data', (chunk: Buffer) => this.#request(chunk));
    this.#upstream.on('data', (chunk: Buffer) => this.#answer(chunk));
    for (const socket of [client, this.#upstream])
      socket.on('error', () => undefined).on('close', () => this.destroy());
  }

  destroy(): void {
    clearInterval(this.#dribble);
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #request(chunk: Buffer): void {
    switch (this.#fault()) {
      case 'hangs before headers':
        return;
      case 'resets':
        this.#client.resetAndDestroy();
        return;
      case 'answers garbage':
        this.#client.end('220 mail.example ESMTP ready\r\n\r\n');
        return;
      case 'answers 503':
        this.#client.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
        return;
      default:
        this.#upstream.write(chunk);
    }
  }

  #answer(chunk: Buffer): void {
    const fault = this.#fault();
    if (fault === 'none') {
      this.#client.write(chunk);
      return;
    }
    this.#reply = Buffer.concat([this.#reply, chunk]);
    const ends = endsOf(this.#reply);
    if (ends === undefined || this.#reply.length < ends.body) return;
    const [reply, { head }] = [this.#reply, ends];
    this.#reply = Buffer.alloc(0);
    if (fault === 'closes after each reply') this.#client.end(reply);
    else if (fault === 'hangs mid-body') this.#client.write(reply.subarray(0, head + 5));
    else this.#drip(reply, head);
  }

  #drip(reply: Buffer, head: number): void {
    let at = head;
    this.#client.write(reply.subarray(0, head));
    this.#dribble = setInterval(() => {
      this.#client.write(reply.subarray(at, at + 1));
      at += 1;
    }, DRIBBLE_MS);
  }
}

class Running implements FaultProxy {
  connects = 0;
  readonly #upstream: { readonly port: number; readonly url: string };
  readonly #pairs = new Set<Pair>();
  #fault: Fault = 'none';
  #server: Server;
  readonly #port: number;

  constructor(upstream: { readonly port: number; readonly url: string }, port: number) {
    this.#upstream = upstream;
    this.#port = port;
    this.#server = this.#make();
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return this.#upstream.url.replace(`:${this.#upstream.port}/`, `:${this.#port}/`);
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
  }

  async inject(fault: Fault): Promise<void> {
    const was = this.#fault;
    this.#fault = fault;
    if (fault === 'refuses') await this.#stop();
    // What is under way with a fault does not become sound by itself.
    else for (const pair of this.#pairs) if (was !== 'none') pair.destroy();
    if (was !== 'refuses' || fault === 'refuses') return;
    this.#server = this.#make();
    await this.listen();
  }

  async close(): Promise<void> {
    if (this.#fault !== 'refuses') await this.#stop();
  }

  #stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const pair of this.#pairs) pair.destroy();
    });
  }

  #make(): Server {
    return createServer((client) => {
      this.connects += 1;
      const pair = new Pair(client, this.#upstream.port, () => this.#fault);
      this.#pairs.add(pair);
      client.on('close', () => this.#pairs.delete(pair));
    });
  }
}

/** Starts one on a port of its own. */
export const startFaultProxy = async (upstream: {
  readonly port: number;
  readonly url: string;
}): Promise<FaultProxy> => {
  const running = new Running(upstream, await freePort());
  await running.listen();
  return running;
};
