/** What is said with one child process: requests multiplexed by id, and the rest told to whom it concerns. */
import type { Era, StdioUpstreamNode } from '../../../schema/graph/upstream.ts';
import type { GatewayError } from '../../errors.ts';
import type { UpstreamContext } from '../context.ts';
import { type Failure, protocolFailure, tooLargeFailure, upstreamError } from '../failure.ts';
import type { PeerInfo } from '../link.ts';
import {
  emptyAnswer,
  isObject,
  isResponse,
  type Message,
  methodNotFoundAnswer,
  parseMessages,
} from '../message.ts';
import { MAX_HELD_BYTES } from '../message-bounds.ts';
import type { Traffic } from '../traffic.ts';
import { Child, type ChildOwner } from './child.ts';
import type { LargeLine } from './large-line.ts';
import { Nonsense } from './nonsense.ts';
import { oneLine } from './one-line.ts';
import { processFailure } from './stdio-call.ts';
import type { Waiting } from './waiting.ts';
import { WaitingTable } from './waiting-table.ts';

/** A link over this conversation. */
export interface Facade {
  onUnsolicited(text: string, message: Message): void;
  /** The conversation is over. */
  end(reason: GatewayError): void;
}

const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId';

/** Notifications that concern everybody who shares a legacy process. */
const SHARED_NOTIFICATIONS = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
]);

export class Conversation implements ChildOwner {
  readonly traffic: Traffic;
  readonly key: string;
  era: Era = 'legacy';
  peer: PeerInfo | undefined;
  lastUsedMs = performance.now();
  readonly startedMs = performance.now();
  readonly facades = new Set<Facade>();
  readonly #shared: boolean;
  readonly #context: UpstreamContext;
  readonly #onExit: (conversation: Conversation, orderly: boolean) => void;
  readonly #waiting = new WaitingTable<Waiting>();
  #child: Child | undefined;
  #stopping = false;
  #over = false;
  #lastId = 0;
  readonly #nonsense: Nonsense;

  private constructor(
    key: string,
    traffic: Traffic,
    onExit: (conversation: Conversation, orderly: boolean) => void,
  ) {
    this.key = key;
    this.traffic = traffic;
    this.#shared = key === 'shared';
    this.#context = traffic.context;
    this.#nonsense = new Nonsense(traffic.upstream, traffic.context);
    this.#onExit = onExit;
  }

  /** Starts a process. Rejects if it cannot be started; `onExit` is called once for each that was. */
  static async start(
    node: StdioUpstreamNode,
    key: string,
    traffic: Traffic,
    onExit: (conversation: Conversation, orderly: boolean) => void,
  ): Promise<Conversation> {
    const conversation = new Conversation(key, traffic, onExit);
    conversation.#child = await Child.start(node, traffic.context, conversation);
    traffic.context.observer.onProcess(traffic.upstream, 'started');
    return conversation;
  }

  get over(): boolean {
    return this.#over;
  }

  get pid(): number | undefined {
    return this.#over ? undefined : this.#child?.pid;
  }

  get idle(): boolean {
    return this.#waiting.size === 0;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  await(id: number, waiting: Waiting): void {
    this.#waiting.set(id, waiting);
  }

  forget(id: number): void {
    this.#waiting.delete(id);
    if (this.idle) this.lastUsedMs = performance.now();
  }

  /** Writes a message, as one line. False if the process takes nothing any more. */
  write(text: string): boolean {
    return !this.#over && this.#child !== undefined && this.#child.write(oneLine(text));
  }

  /** Stops the process in order. What is in flight fails. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#child?.stop();
  }

  onLine(line: string): void {
    const parsed = parseMessages(line);
    if (parsed === undefined) this.#notMessage(line);
    else if (Array.isArray(parsed)) for (const each of parsed) this.#take(each.text, each.message);
    else this.#take(line, parsed as Message);
  }

  get maxLineBytes(): number {
    let largest = MAX_HELD_BYTES;
    for (const { maxBytes } of this.#waiting.all()) if (maxBytes > largest) largest = maxBytes;
    return largest;
  }

  async onLargeLine(line: LargeLine): Promise<void> {
    let waiting: Waiting | undefined;
    try {
      const isSound = line.end();
      waiting = line.isResponse ? this.#waiter(line.id) : undefined;
      if (waiting === undefined) await this.#takeWhole(line, isSound);
      else if (line.lost || line.bytes > waiting.maxBytes) waiting.failed(tooLargeFailure(waiting.maxBytes));
      else if (!isSound) waiting.failed(protocolFailure(line.fault));
      else if ((await waiting.takeLarge?.(line)) === true) return;
      else await this.#takeWhole(line, isSound);
    } catch (thrown) {
      const error = upstreamError('upstream_unavailable', thrown);
      this.#guarded(() => waiting?.failed({ error, sent: true }));
    }
    line.close();
  }

  /** A large line that is no response in pieces. */
  async #takeWhole(line: LargeLine, isSound: boolean): Promise<void> {
    const waiting = line.isResponse ? this.#waiter(line.id) : undefined;
    if (!line.lost && line.bytes <= MAX_HELD_BYTES) this.onLine(await line.text());
    else if (waiting !== undefined) waiting.failed(tooLargeFailure(MAX_HELD_BYTES));
    else if (!isSound) this.#notMessage(line.start);
  }

  onExit(cause: string): void {
    this.#over = true;
    const { upstream } = this.traffic;
    this.#context.observer.onProcess(upstream, 'exited');
    if (!this.#stopping) this.#context.log('warn', 'upstream process ended', { upstream, cause });
    this.#onExit(this, this.#stopping);
    const reason = upstreamError(this.#stopping ? 'shutting_down' : 'upstream_unavailable', cause);
    for (const facade of this.facades) this.#guarded(() => facade.end(reason));
    this.facades.clear();
    const failure: Failure = this.#stopping ? { error: reason, sent: true } : processFailure(cause);
    for (const waiting of this.#waiting.all()) waiting.failed(failure);
  }

  /** Must not throw: it is called where the pipe is read, for everybody who shares the process. */
  #take(text: string, message: Message): void {
    try {
      if (isResponse(message)) this.#response(text, message);
      else if (typeof message.method !== 'string') this.#notMessage(text);
      else if (message.id !== undefined) this.#request(text, message);
      else this.#notification(text, message);
    } catch (thrown) {
      this.#bug(thrown);
    }
  }

  #response(text: string, message: Message): void {
    this.#nonsense.forget();
    const waiting = typeof message.id === 'number' ? this.#waiting.get(message.id) : undefined;
    // One that nobody waits for belongs to a request that was taken back, or timed out.
    if (waiting === undefined) return;
    if (isLarger(text, waiting.maxBytes)) waiting.failed(tooLargeFailure(waiting.maxBytes));
    else waiting.respond(text, message);
  }

  #request(text: string, message: Message): void {
    this.#nonsense.forget();
    if (message.method === 'ping') {
      this.write(emptyAnswer(message.id));
      return;
    }
    const [facade] = this.facades;
    // Whose call it belongs to cannot be told where several callers share the process.
    if (facade === undefined || this.#shared || this.era === 'modern' || this.facades.size > 1) {
      this.write(methodNotFoundAnswer(message.id));
    } else {
      this.#guarded(() => facade.onUnsolicited(text, message));
    }
  }

  #notification(text: string, message: Message): void {
    this.#nonsense.forget();
    const params = isObject(message.params) ? message.params : {};
    if (message.method === 'notifications/progress') {
      this.#waiter(params.progressToken)?.aside(text, message);
    } else if (this.era === 'modern') {
      this.#modernNotification(text, message, params);
    } else if (SHARED_NOTIFICATIONS.has(message.method as string) || this.facades.size === 1) {
      for (const facade of this.facades) this.#guarded(() => facade.onUnsolicited(text, message));
    }
  }

  #modernNotification(text: string, message: Message, params: Readonly<Record<string, unknown>>): void {
    if (message.method === 'notifications/cancelled') {
      const error = upstreamError('upstream_unavailable', 'cancelled by the upstream');
      this.#waiter(params.requestId)?.failed({ error, sent: true });
      return;
    }
    this.#modernRecipient(message, params)?.aside(text, message);
  }

  /** Whose request a notification of a modern process belongs to. */
  #modernRecipient(message: Message, params: Readonly<Record<string, unknown>>): Waiting | undefined {
    const meta = isObject(params._meta) ? params._meta : {};
    if (SUBSCRIPTION_ID in meta) return this.#waiter(meta[SUBSCRIPTION_ID]);
    const isLog = message.method === 'notifications/message';
    const asking = ({ wantsLogs }: Waiting): boolean => !isLog || wantsLogs === true;
    const calls = this.#waiting
      .all()
      .filter((each) => each.staysOpen !== true && each.isOwn !== true && (this.#shared || asking(each)));
    // What names no request belongs to the only one there is, or cannot be told apart. Where callers share the
    // process, one that did not ask for logs counts too: they may tell of its arguments (MCP 2026-07-28, logging).
    const [only] = calls;
    return calls.length === 1 && asking(only!) ? only : undefined;
  }

  /** A link must not throw. One that does must not take the others of the process with it. */
  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (thrown) {
      this.#bug(thrown);
    }
  }

  #bug(thrown: unknown): void {
    const { upstream } = this.traffic;
    this.#context.log('error', 'a message could not be handed on', { upstream, cause: thrown });
  }

  #notMessage(line: string): void {
    if (this.#nonsense.isTooMuch(line)) this.#child?.kill('SIGKILL');
  }

  #waiter(id: unknown): Waiting | undefined {
    return typeof id === 'number' ? this.#waiting.get(id) : undefined;
  }
}

/** A character is three bytes at most, but for pairs, which are two characters of four. */
const isLarger = (text: string, maxBytes: number): boolean =>
  3 * text.length > maxBytes && Buffer.byteLength(text) > maxBytes;
