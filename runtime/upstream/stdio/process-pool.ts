/** The processes of one stdio upstream: one for each isolation key and era, restarted with backoff. */
import type { Era, StdioUpstreamNode } from '../../../schema/graph/upstream.ts';
import { asGatewayError } from '../../errors.ts';
import { upstreamError } from '../failure.ts';
import type { LegacyOpening } from '../link.ts';
import type { Traffic } from '../traffic.ts';
import { Conversation } from './conversation.ts';
import { shakeHands } from './handshake.ts';
import { RestartBackoff } from './restart-backoff.ts';

/** More processes than this are refused: each is a whole program. */
const MAX_PROCESSES = 256;

/** Keys whose backoff is remembered; the oldest are forgotten beyond it. */
const MAX_BACKOFFS = 1024;

export class ProcessPool {
  readonly #node: StdioUpstreamNode;
  readonly #traffic: Traffic;
  readonly #running = new Map<string, Conversation>();
  readonly #starting = new Map<string, Promise<Conversation>>();
  /** Every process that lives, those in their handshake and those being stopped too. */
  readonly #alive = new Set<Conversation>();
  readonly #starts = new RestartBackoff();
  readonly #backoffs = new Map<string, RestartBackoff>();
  #closed = false;

  constructor(node: StdioUpstreamNode, traffic: Traffic) {
    this.#node = node;
    this.#traffic = traffic;
  }

  get pids(): readonly number[] {
    return [...this.#alive].flatMap((conversation) => conversation.pid ?? []);
  }

  find(key: string, era: Era): Conversation | undefined {
    return this.#running.get(`${era} ${key}`);
  }

  all(): readonly Conversation[] {
    return [...this.#running.values()];
  }

  /** The conversation of a key in an era, started if need be. Rejects with a GatewayError. */
  get(key: string, era: Era, opening: LegacyOpening): Promise<Conversation> {
    const running = this.find(key, era);
    return running === undefined ? this.#once(key, era, false, opening) : Promise.resolve(running);
  }

  /** A fresh conversation in whichever era is spoken, `first` tried first; kept as that era's for `key`. */
  probe(key: string, first: Era, opening: LegacyOpening): Promise<Conversation> {
    return this.#once(key, first, true, opening);
  }

  /** Stops one process. */
  async stop(conversation: Conversation): Promise<void> {
    this.#drop(conversation);
    await conversation.stop();
  }

  /** Stops all processes, those that are starting too. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([
      ...[...this.#alive].map((conversation) => conversation.stop()),
      ...this.#starting.values(),
    ]);
  }

  #once(key: string, era: Era, either: boolean, opening: LegacyOpening): Promise<Conversation> {
    const name = `${era} ${key}`;
    const pending = this.#starting.get(name);
    if (pending !== undefined) return pending;
    const starting = this.#admitted(key, era, either, opening).finally(() => this.#starting.delete(name));
    this.#starting.set(name, starting);
    return starting;
  }

  async #admitted(key: string, first: Era, either: boolean, opening: LegacyOpening): Promise<Conversation> {
    this.#assertMayStart(key);
    const breaker = this.#traffic.breakers?.upstream;
    const admission = breaker?.admit() ?? 1;
    if (breaker !== undefined && admission === 0) throw breaker.refusal();
    try {
      const conversation = await this.#start(key, first, either, opening);
      breaker?.success(admission);
      return conversation;
    } catch (thrown) {
      const error = asGatewayError(thrown);
      // A server of the other era is in good health.
      if (error.code === 'upstream_protocol' || error.code === 'shutting_down') breaker?.release(admission);
      else breaker?.failure(admission, error.code === 'upstream_timeout' ? 'timeout' : 'exit');
      throw error;
    }
  }

  async #start(key: string, first: Era, either: boolean, opening: LegacyOpening): Promise<Conversation> {
    let conversation: Conversation;
    try {
      conversation = await Conversation.start(this.#node, key, this.#traffic, this.#exited);
    } catch (thrown) {
      this.#starts.failed(performance.now());
      this.#log('upstream process cannot be started', thrown);
      throw upstreamError('upstream_unavailable', thrown);
    }
    this.#alive.add(conversation);
    try {
      if (this.#closed) throw upstreamError('shutting_down', 'closed');
      const { connectMs } = this.#node.timeouts;
      await shakeHands(conversation, { first, either, opening, timeoutMs: connectMs });
      if (this.#closed || conversation.over)
        throw upstreamError('upstream_unavailable', 'ended at its start');
    } catch (thrown) {
      const error = asGatewayError(thrown);
      if (error.code !== 'upstream_protocol') this.#starts.failed(performance.now());
      this.#log('upstream process did not begin a conversation', error.cause);
      await conversation.stop();
      throw error;
    }
    this.#starts.succeeded();
    return this.#keep(conversation);
  }

  /** Two starts with different first questions can end in the same era: the earlier one is kept. */
  #keep(conversation: Conversation): Conversation {
    const earlier = this.find(conversation.key, conversation.era);
    if (earlier !== undefined) {
      void conversation.stop();
      return earlier;
    }
    this.#running.set(`${conversation.era} ${conversation.key}`, conversation);
    return conversation;
  }

  #assertMayStart(key: string): void {
    if (this.#closed) throw upstreamError('shutting_down', 'closed');
    if (this.#alive.size >= MAX_PROCESSES) throw upstreamError('upstream_unavailable', 'too many processes');
    const nowMs = performance.now();
    const waitMs = Math.max(this.#starts.waitMs(nowMs), this.#backoffs.get(key)?.waitMs(nowMs) ?? 0);
    if (waitMs > 0) throw upstreamError('upstream_unavailable', 'waits for its restart', Math.ceil(waitMs));
  }

  readonly #exited = (conversation: Conversation, orderly: boolean): void => {
    this.#alive.delete(conversation);
    const served = this.#drop(conversation);
    if (orderly || !served) return;
    const nowMs = performance.now();
    const backoff = this.#backoffs.get(conversation.key) ?? new RestartBackoff();
    backoff.failed(nowMs, nowMs - conversation.startedMs);
    this.#backoffs.delete(conversation.key);
    this.#backoffs.set(conversation.key, backoff);
    if (this.#backoffs.size <= MAX_BACKOFFS) return;
    const [oldest] = this.#backoffs.keys();
    if (oldest !== undefined) this.#backoffs.delete(oldest);
  };

  #log(message: string, cause: unknown): void {
    const { context, upstream } = this.#traffic;
    context.log('warn', message, { upstream, cause: cause instanceof Error ? cause.message : cause });
  }

  #drop(conversation: Conversation): boolean {
    const name = `${conversation.era} ${conversation.key}`;
    if (this.#running.get(name) !== conversation) return false;
    return this.#running.delete(name);
  }
}
