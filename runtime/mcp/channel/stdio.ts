/** A pair of pipes as a channel: one message a line (MCP 2026-07-28 and 2025-11-25, transports, stdio). */
import type { Readable, Writable } from 'node:stream';
import { ANONYMOUS, type Principal } from '../../../schema/principal.ts';
import { GatewayError, RPC } from '../../errors.ts';
import { NEVER_SHEDS } from '../../listen/shedding.ts';
import { LineSplitter } from '../../upstream/stdio/line-splitter.ts';
import { shuttingDown } from '../closing.ts';
import type { Place } from '../server.ts';
import type { Channel } from './channel.ts';
import { type ChannelContext, ChannelExchange, type ChannelOrigin } from './channel-exchange.ts';
import { Conversation, type ConversationRules } from './conversation.ts';
import { offeredWithFirst } from './offered.ts';

/** A reader that falls further behind than this is given up. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
/** JSON has line breaks between its parts only; within texts they are escaped. */
const LINE_BREAKS = /[\r\n]+/g;

/** What one channel over pipes needs. */
export interface StdioOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** The credential of all messages, as it would stand behind `Bearer`. */
  readonly token: string | undefined;
  /** The server in the graph that serves now. */
  readonly place: () => Place;
  readonly context: ChannelContext;
}

// The end of the channel would be that of the process, which its client would take for a crash.
const RULES: ConversationRules = { modern: true, keepsRefused: true, offered: offeredWithFirst };

const originOf = (token: string | undefined): ChannelOrigin => {
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  return {
    listener: 'stdio',
    secure: true,
    peer: '',
    clientAddress: '',
    path: '',
    request: {
      method: 'POST',
      url: '',
      headers: authorization === undefined ? {} : { authorization },
      rawHeaders: authorization === undefined ? [] : ['authorization', authorization],
    },
    lifecycle: { closing: false, bodyTimeoutMs: 0, closers: new Set(), shedding: NEVER_SHEDS },
  };
};

export class StdioChannel implements Channel {
  readonly #options: StdioOptions;
  readonly #origin: ChannelOrigin;
  readonly #conversation: Conversation;
  readonly #ended = Promise.withResolvers<void>();
  #over = false;

  private constructor(options: StdioOptions) {
    this.#options = options;
    this.#origin = originOf(options.token);
    this.#conversation = new Conversation(this, RULES);
  }

  /** Serves whoever is at the other end. Rejects with a GatewayError if the credential does not open the server. */
  static async open(options: StdioOptions): Promise<StdioChannel> {
    const channel = new StdioChannel(options);
    const known = await channel.#identify();
    if (known instanceof GatewayError) throw known;
    channel.#listen();
    return channel;
  }

  /** Settles when the client has closed its end, or cannot be told anything any more, or the session is over. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  send(text: string): void {
    if (this.#over) return;
    const { output } = this.#options;
    if (output.writableLength > MAX_BUFFERED_BYTES) {
      this.end();
      return;
    }
    output.write(`${text.replace(LINE_BREAKS, ' ')}\n`);
  }

  end(): void {
    this.#ended.resolve();
  }

  /** Requests that began under a server that is over fail. */
  cut(...meant: Parameters<Conversation['cut']>): void {
    this.#conversation.cut(...meant);
  }

  /**
   * Lets what waits for an answer have it, for `deadlineMs` at most, and ends; then it is told why there is none. What
   * was sent has been written out.
   */
  async close(deadlineMs: number): Promise<void> {
    const { input, output } = this.#options;
    input.removeAllListeners('data').pause();
    const { promise, resolve } = Promise.withResolvers<void>();
    const deadline = setTimeout(resolve, deadlineMs);
    void this.#conversation.drained().then(resolve);
    await promise;
    clearTimeout(deadline);
    this.#conversation.fail(shuttingDown());
    this.#conversation.close();
    this.#over = true;
    this.#ended.resolve();
    if (!output.destroyed && output.writableLength > 0)
      await Promise.race([
        new Promise<void>((written) => output.write('', () => written())),
        new Promise<void>((late) => setTimeout(late, FLUSH_MS).unref()),
      ]);
    input.destroy();
  }

  #listen(): void {
    const { input, output, place } = this.#options;
    const lines = new LineSplitter(
      { onLine: (line) => this.#take(line), onOverlong: () => this.#refuseOverlong() },
      place().maxBodyBytes,
    );
    const end = (): void => this.end();
    input.on('data', (chunk: Buffer) => lines.push(chunk));
    input.on('end', end).on('close', end).on('error', end);
    output.on('error', end).on('close', end);
  }

  #identify(exchange?: ChannelExchange): Promise<Principal | GatewayError> {
    const { request, path } = exchange ?? this.#origin;
    return new Promise((resolve) => {
      this.#options.place().authenticate({ request, path }, Date.now(), resolve);
    });
  }

  #take(line: string): void {
    const place = this.#options.place();
    const exchange = new ChannelExchange(this.#origin, this.#options.context, ANONYMOUS);
    place.authenticate(exchange, Date.now(), (outcome) => {
      if (outcome instanceof GatewayError) {
        this.#conversation.refuse(place, exchange, outcome, line);
        return;
      }
      exchange.principal = outcome;
      this.#conversation.take(place, exchange, line);
    });
  }

  #refuseOverlong(): void {
    const { maxBodyBytes } = this.#options.place();
    const error = new GatewayError('body_too_large', `a message is larger than ${maxBodyBytes} bytes`, {
      status: 413,
      rpcCode: RPC.invalidRequest,
    });
    const exchange = new ChannelExchange(this.#origin, this.#options.context, ANONYMOUS);
    this.#conversation.refuse(this.#options.place(), exchange, error, '');
  }
}

/** How long a reader has for what is left to be written. */
const FLUSH_MS = 1000;
