/** One subscriptions/listen stream at a modern upstream (MCP 2026-07-28, subscriptions). */
import type { Link } from '../../upstream/link.ts';
import { isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import { type AskContext, modernMeta } from '../ask.ts';
import { type Filter, honour } from '../modern/subscription-filter.ts';

const LISTEN = 'subscriptions/listen';
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

/** Told what becomes of a stream. After `onFailed` or `onEnded` nothing more comes. */
export interface ListenOwner {
  /** It is open; `honoured` says for what. */
  onAcknowledged(stream: UpstreamListen): void;
  onChange(stream: UpstreamListen, text: string, message: UpstreamMessage): void;
  /** It was not acknowledged. `refused`: the upstream said no. */
  onFailed(stream: UpstreamListen, refused: boolean): void;
  /** It was acknowledged, and is over. */
  onEnded(stream: UpstreamListen): void;
}

export class UpstreamListen {
  readonly asked: Filter;
  /** What was acknowledged of what was asked; what was not asked for is not an upstream's to grant. */
  readonly honoured: Filter = {};
  readonly #owner: ListenOwner;
  #timer: NodeJS.Timeout | undefined;
  #cancel: ((reason: string) => void) | undefined;
  #isAcknowledged = false;
  #over = false;

  constructor(asked: Filter, owner: ListenOwner) {
    this.asked = asked;
    this.#owner = owner;
  }

  /** Asks for it; it must be acknowledged within `deadlineMs`. */
  open(link: Link, context: AskContext, deadlineMs: number): void {
    this.#timer = setTimeout(() => this.#end(false, 'not acknowledged in time'), deadlineMs);
    const id = link.nextId();
    const params = `{"notifications":${JSON.stringify(this.asked)},"_meta":{${modernMeta(context)}}}`;
    const cancel = link.request(
      {
        id,
        method: LISTEN,
        body: `{"jsonrpc":"2.0","id":${id},"method":"${LISTEN}","params":${params}}`,
        headers: ['mcp-method', LISTEN, ...(context.headers ?? [])],
        idempotent: true,
      },
      {
        onStream: () => undefined,
        onSuspend: () => undefined,
        onMessage: (text, message) => this.#take(text, message),
        onResponse: (_text, { error }) => this.#end(error !== undefined),
        onError: () => this.#end(false),
      },
    );
    if (this.#over) cancel('not wanted');
    else this.#cancel = cancel;
  }

  close(): void {
    this.#stop('nobody follows');
  }

  #take(text: string, message: UpstreamMessage): void {
    if (this.#over) return;
    if (message.method !== ACKNOWLEDGED) {
      if (this.#isAcknowledged) this.#owner.onChange(this, text, message);
      return;
    }
    if (this.#isAcknowledged) return;
    this.#isAcknowledged = true;
    clearTimeout(this.#timer);
    honour(this.honoured, this.asked, isObject(message.params) ? message.params.notifications : undefined);
    this.#owner.onAcknowledged(this);
  }

  #end(refused: boolean, reason = 'over'): void {
    if (this.#over) return;
    this.#stop(reason);
    if (this.#isAcknowledged) this.#owner.onEnded(this);
    else this.#owner.onFailed(this, refused);
  }

  #stop(reason: string): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#cancel?.(reason);
  }
}
