/** Takes requests that peers hand over, and serves them as if they had come here. */
import type { Socket } from 'node:net';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import type { GenerationView } from '../generation.ts';
import { newConnection } from '../listen/connection.ts';
import { enter } from '../listen/front-door.ts';
import { Http1Connection } from '../listen/http1/connection.ts';
import { type Host, keepAliveLineOf, type Limits } from '../listen/http1/host.ts';
import type { Http1Request } from '../listen/http1/request.ts';
import type { Http1Response } from '../listen/http1/response.ts';
import type { ListenerObserver } from '../listen/observer.ts';
import { type ListenerContext, openExchange } from '../listen/open-exchange.ts';
import type { Shedding } from '../listen/shedding.ts';
import { endSpread, stillIn } from '../spread.ts';
import type { Door } from './door.ts';
import { ENVELOPE_HEADER, type Envelope, openEnvelope } from './envelope.ts';

/** Longer than a peer keeps a connection that it does not use. */
const IDLE_MS = 60_000;
const CHECK_MS = 20;

interface PeerListenerOptions {
  readonly door: Door;
  /** What envelopes may be sealed with. */
  readonly secrets: () => readonly Buffer[];
  readonly current: () => GenerationView;
  readonly observer: ListenerObserver;
  /** Of who serves here: whoever handed a request over may have nothing else to do. */
  readonly shedding: Shedding;
}

/** What is too large or too slow has been refused by the peer. */
const LIMITS: Limits = {
  headBytes: 1024 * 1024,
  headTimeoutMs: IDLE_MS,
  bodyTimeoutMs: Number.POSITIVE_INFINITY,
  idleTimeoutMs: IDLE_MS,
};

const withoutEnvelope = (request: Http1Request): void => {
  const { [ENVELOPE_HEADER]: _, ...headers } = request.headers;
  request.headers = headers;
  request.rawHeaders = request.rawHeaders.filter(
    (_each, at, flat) => flat[at - (at % 2)]!.toLowerCase() !== ENVELOPE_HEADER,
  );
};

export class PeerListener implements Host {
  readonly limits = LIMITS;
  readonly keepAliveLine = keepAliveLineOf(IDLE_MS);
  readonly #options: PeerListenerOptions;
  readonly #sockets = new Set<Socket>();
  readonly #contexts = new Map<string, ListenerContext>();
  readonly #lifecycle: ListenerContext['lifecycle'];

  constructor(options: PeerListenerOptions) {
    this.#options = options;
    this.#lifecycle = {
      closing: false,
      bodyTimeoutMs: 60_000,
      closers: new Set(),
      shedding: options.shedding,
    };
  }

  async listen(): Promise<void> {
    await this.#options.door.open((socket) => {
      this.#sockets.add(socket);
      new Http1Connection(socket, '', this);
    });
  }

  /**
   * No stream is begun any more, and those that are open end within the window. Calls go on, and so do answers to what
   * they ask.
   */
  drain(windowMs: number): void {
    if (this.#lifecycle.closing) return;
    this.#lifecycle.closing = true;
    endSpread(stillIn(this.#lifecycle.closers), windowMs);
  }

  /**
   * Takes what peers send for as long as something of theirs is in flight, for `windowMs` at most; what is open at the
   * deadline is cut.
   */
  async close(windowMs: number, deadlineMs: number): Promise<void> {
    this.drain(windowMs);
    const startedMs = performance.now();
    const acceptMs = Math.min(windowMs, deadlineMs);
    while (this.#open > 0 && performance.now() - startedMs < acceptMs) await delay(CHECK_MS);
    this.#options.door.close();
    while (this.#open > 0 && performance.now() - startedMs < deadlineMs) await delay(CHECK_MS);
    for (const socket of this.#sockets) socket.destroy();
    while (this.#open > 0) await setImmediate();
  }

  get #open(): number {
    return this.#contexts.values().reduce((sum, { openExchanges }) => sum + openExchanges, 0);
  }

  take({ socket }: Http1Connection, request: Http1Request, response: Http1Response): void {
    const envelope = openEnvelope(this.#options.secrets(), request.headers[ENVELOPE_HEADER]);
    if (envelope === undefined || !this.#isTraffic(envelope.listener)) {
      socket.destroy();
      return;
    }
    withoutEnvelope(request);
    const connection = newConnection(envelope.clientAddress);
    const { elapsedMs } = envelope;
    enter(openExchange(this.#contextOf(envelope), connection, request, response, elapsedMs));
  }

  /** Nothing but requests is handed over. */
  switches(): boolean {
    return false;
  }

  upgrade({ socket }: Http1Connection): void {
    socket.destroy();
  }

  refused(): string {
    return '';
  }

  stalled({ socket }: Http1Connection): void {
    socket.destroy();
  }

  gone({ socket }: Http1Connection): void {
    this.#sockets.delete(socket);
  }

  /** Nothing is handed over that operates a gateway. */
  #isTraffic(name: string): boolean {
    const listener = this.#options.current().listener(name);
    return listener === undefined || listener.node.serve.length === 0;
  }

  #contextOf({ listener: name, secure }: Envelope): ListenerContext {
    // A reload may have given a listener of the same name TLS, or taken it away.
    const key = `${name} ${secure}`;
    const known = this.#contexts.get(key);
    if (known !== undefined) return known;
    const { current, observer } = this.#options;
    const lifecycle = this.#lifecycle;
    const context = {
      name,
      secure,
      unix: false,
      lifecycle,
      openExchanges: 0,
      fallbackHeaders: [],
      current,
      observer,
    };
    this.#contexts.set(key, context);
    return context;
  }
}
