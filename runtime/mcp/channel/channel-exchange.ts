/** The exchange of one message that came over a channel: counted, logged and judged like a request over HTTP. */
import type { Principal } from '../../../schema/principal.ts';
import type { GenerationView } from '../../generation.ts';
import { correlationIdOf } from '../../listen/correlation-id.ts';
import type { Exchange, ListenerLifecycle, RequestHead } from '../../listen/exchange.ts';
import { newRecord } from '../../listen/exchange-record.ts';
import { letGo } from '../../listen/generation-hold.ts';
import type { ListenerObserver } from '../../listen/observer.ts';

/** What all messages of a channel have in common. */
export interface ChannelOrigin {
  readonly listener: string;
  readonly secure: boolean;
  readonly peer: string;
  readonly clientAddress: string;
  readonly path: string;
  readonly request: RequestHead;
  readonly lifecycle: ListenerLifecycle;
  /** Whether the request carries one message alone. Absent: it opened the channel. */
  readonly hasOwnHeaders?: boolean;
  /** When that message came; absent: now. */
  readonly startedMs?: number;
}

/** Where messages of channels are counted, and the graph that serves them now. */
export interface ChannelContext {
  readonly observer: ListenerObserver;
  readonly current: () => GenerationView;
}

const NONE: readonly string[] = [];

/** Holds its generation from the message to the end of its answer. */
export class ChannelExchange implements Exchange {
  readonly request: RequestHead;
  readonly hasOwnHeaders: boolean;
  readonly listener: string;
  readonly secure: boolean;
  readonly peer: string;
  readonly clientAddress: string;
  readonly path: string;
  readonly correlationId = correlationIdOf(undefined);
  readonly replyHeaders = NONE;
  readonly startedMs: number;
  principal: Principal;
  readonly generation: GenerationView;
  holders = 1;
  onOver: (() => void) | undefined;
  readonly record = newRecord();
  readonly lifecycle: ListenerLifecycle;
  concluded = false;
  onAbort: (() => void) | undefined;
  readonly #observer: ListenerObserver;

  constructor(origin: ChannelOrigin, { observer, current }: ChannelContext, principal: Principal) {
    this.request = origin.request;
    this.hasOwnHeaders = origin.hasOwnHeaders === true;
    this.startedMs = origin.startedMs ?? performance.now();
    this.listener = origin.listener;
    this.secure = origin.secure;
    this.peer = origin.peer;
    this.clientAddress = origin.clientAddress;
    this.path = origin.path;
    this.lifecycle = origin.lifecycle;
    this.principal = principal;
    this.generation = current();
    this.#observer = observer;
    this.generation.acquire();
    observer.exchangeStarted(this);
  }

  /** It is over; `status` is what HTTP would have answered with. Harmless the second time. */
  conclude(status: number): void {
    if (this.concluded) return;
    this.concluded = true;
    this.onAbort = undefined;
    if (this.record.outcome === '') this.record.outcome = 'ok';
    letGo(this);
    this.#observer.exchangeFinished(this, status, performance.now() - this.startedMs);
  }

  /** The client has taken the message back, or is gone: what is under way for it is taken back too. */
  abort(outcome: 'aborted' | 'cancelled'): void {
    if (this.concluded) return;
    const { onAbort } = this;
    this.record.outcome = outcome;
    this.conclude(0);
    onAbort?.();
  }

  /** What is under way for it is taken back; how it ends is another's to say. */
  takeBack(): void {
    const { onAbort } = this;
    this.onAbort = undefined;
    onAbort?.();
  }
}
