/** The session of a legacy conversation over streamable HTTP: its headers and the messages beside its calls. */
import type { GatewayError } from '../../errors.ts';
import type { ReplyHeaders } from '../client/reply-head.ts';
import { type Failure, upstreamError } from '../failure.ts';
import {
  cancelledNotification,
  emptyAnswer,
  errorCode,
  isObject,
  type Message,
  parseMessages,
} from '../message.ts';
import type { HttpEndpoint } from './endpoint.ts';
import { type ExchangeTarget, HttpExchange } from './exchange.ts';

/** The first revision that wants its name in a header (MCP 2025-06-18, transports). */
const FIRST_VERSION_WITH_HEADER = '2025-06-18';

/** An answer to a message that wants none is not read beyond this. */
const MAX_ACKNOWLEDGEMENT_BYTES = 64 * 1024;

const DELETE_TIMEOUT_MS = 1000;

/** It has arrived long before; calls that are taken back one after the other must not each keep a connection. */
const TAKE_BACK_TIMEOUT_MS = 2000;

/** A message waits for no longer until the one before it is acknowledged. */
const MAX_ORDER_MS = 250;

/** Each has a connection of its own: with so many that are not acknowledged, none is sent that may be lost. */
const MAX_UNACKNOWLEDGED = 16;

/** Visible ASCII (MCP 2025-11-25, transports, session management). */
const SESSION_ID = /^[\x21-\x7e]{1,1024}$/;

/** For how long an acknowledgement is waited for. */
interface PostBounds {
  readonly mostMs?: number | undefined;
  /** Aborted when it is not any more. */
  readonly wanted?: AbortSignal | undefined;
}

/** What a session tells its link. */
interface SessionOwner {
  /** The upstream ended the session. Called once. */
  onGone(reason: GatewayError): void;
}

/** One session. Made before `initialize` is sent, complete when it is answered. */
export class LegacySession {
  readonly endpoint: HttpEndpoint;
  readonly #owner: SessionOwner;
  readonly #callerHeaders: readonly string[];
  #id: string | undefined;
  #version: string | undefined;
  #postHeaders: readonly string[];
  #over = false;
  /** The last message that is not acknowledged. */
  #sending: Promise<void> | undefined;
  #unacknowledged = 0;

  /** @param callerHeaders go with what the session sends for itself; calls bring their own */
  constructor(endpoint: HttpEndpoint, callerHeaders: readonly string[], owner: SessionOwner) {
    this.endpoint = endpoint;
    this.#callerHeaders = callerHeaders;
    this.#owner = owner;
    this.#postHeaders = this.#compose();
  }

  /** The headers of a POST without those of the caller. */
  get postHeaders(): readonly string[] {
    return this.#postHeaders;
  }

  /** Takes the session id from the reply to `initialize`. False if it is malformed. */
  adoptId(headers: ReplyHeaders): boolean {
    const id = headers['mcp-session-id'];
    if (id === undefined) return true;
    if (!SESSION_ID.test(id)) return false;
    this.#id = id;
    this.#postHeaders = this.#compose();
    return true;
  }

  adoptVersion(version: string): void {
    this.#version = version;
    this.#postHeaders = this.#compose();
  }

  /** The headers of a GET that opens or resumes a stream. */
  streamHeaders(lastEventId: string | undefined): string[] {
    const headers = ['accept', 'text/event-stream', ...this.#common(), ...this.#callerHeaders];
    if (lastEventId !== undefined && lastEventId !== '') headers.push('last-event-id', lastEventId);
    return headers;
  }

  /** Sends a notification or an answer. Resolves to whether it was accepted in time, while it was wanted. */
  post(body: string, { mostMs, wanted }: PostBounds = {}): Promise<boolean> {
    const headers = [...this.#postHeaders, ...this.#callerHeaders];
    const { callMs } = this.endpoint.traffic.timeouts;
    return this.#acknowledged('POST', headers, body, Math.min(callMs, mostMs ?? callMs), wanted);
  }

  /**
   * As `post`; a refusal is logged. One goes out after the other, because each has a connection of its own and what is
   * said of a request means something else before it is cancelled; but none waits for long.
   */
  send(body: string, mayBeLost = false): void {
    if (mayBeLost && this.#unacknowledged >= MAX_UNACKNOWLEDGED) {
      this.log('debug', 'the upstream takes no messages: one is not sent', {});
      return;
    }
    this.#send(body);
  }

  /** Tells the upstream that nobody waits for the answer to a request. */
  takeBack(id: number, reason: string): void {
    this.#send(cancelledNotification(id, reason), TAKE_BACK_TIMEOUT_MS);
  }

  #send(body: string, mostMs?: number): void {
    this.#unacknowledged += 1;
    const before = this.#sending;
    const sending = (
      before === undefined ? this.post(body, { mostMs }) : this.#postAfter(before, body, mostMs)
    ).then((accepted) => {
      this.#unacknowledged -= 1;
      if (!accepted) this.log('debug', 'upstream refused a message', {});
      if (this.#sending === sending) this.#sending = undefined;
    });
    this.#sending = sending;
  }

  async #postAfter(before: Promise<void>, body: string, mostMs?: number): Promise<boolean> {
    const tooLong = Promise.withResolvers<void>();
    const timer = setTimeout(tooLong.resolve, MAX_ORDER_MS).unref();
    await Promise.race([before, tooLong.promise]);
    clearTimeout(timer);
    return this.post(body, { mostMs });
  }

  /** Answers what the link itself can answer. */
  answersItself(message: Message): boolean {
    if (message.method !== 'ping' || message.id === undefined) return false;
    this.send(emptyAnswer(message.id));
    return true;
  }

  /** Whether a refusal says that the session is unknown upstream. If so the owner is told. */
  endedBy(status: number, text: string): boolean {
    if (this.#id === undefined || !saysUnknownSession(status, text)) return false;
    this.end(upstreamError('upstream_unavailable', `session ended by the upstream, status ${status}`));
    return true;
  }

  /** Ends the session from the upstream's side. */
  end(reason: GatewayError): void {
    if (this.#over) return;
    this.#over = true;
    this.#owner.onGone(reason);
  }

  /** DELETE, where there is a session to delete; resolves when it is answered or after a second. */
  async delete(): Promise<void> {
    if (this.#over || this.#id === undefined) return;
    this.#over = true;
    const headers = [...this.#common(), ...this.#callerHeaders];
    await this.#acknowledged('DELETE', headers, null, DELETE_TIMEOUT_MS);
  }

  log(level: 'debug' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>): void {
    const { context, upstream } = this.endpoint.traffic;
    context.log(level, message, { upstream, ...fields });
  }

  #acknowledged(
    method: 'POST' | 'DELETE',
    headers: string[],
    body: string | null,
    timeoutMs: number,
    wanted?: AbortSignal,
  ): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (accepted: boolean): void => {
        clearTimeout(timer);
        wanted?.removeEventListener('abort', giveUp);
        resolve(accepted);
      };
      const target = new Acknowledgement(this, settle);
      const exchange = new HttpExchange(target, MAX_ACKNOWLEDGEMENT_BYTES);
      const giveUp = (): void => {
        exchange.abort();
        settle(false);
      };
      const timer = setTimeout(giveUp, timeoutMs);
      wanted?.addEventListener('abort', giveUp);
      this.endpoint.aside(method, headers, body, exchange);
    });
  }

  #common(): string[] {
    const headers = [...this.endpoint.headers];
    if (this.#id !== undefined) headers.push('mcp-session-id', this.#id);
    if (this.#version !== undefined && this.#version >= FIRST_VERSION_WITH_HEADER) {
      headers.push('mcp-protocol-version', this.#version);
    }
    return headers;
  }

  #compose(): readonly string[] {
    const accept = 'application/json, text/event-stream';
    return ['content-type', 'application/json', 'accept', accept, ...this.#common()];
  }
}

/** Reads the answer to something that wants none. */
class Acknowledgement implements ExchangeTarget {
  readonly #session: LegacySession;
  readonly #settle: (accepted: boolean) => void;

  constructor(session: LegacySession, settle: (accepted: boolean) => void) {
    this.#session = session;
    this.#settle = settle;
  }

  onHead(): void {}

  onJson(): void {
    this.#settle(true);
  }

  onEventStream(): void {
    this.#settle(true);
  }

  onEvent(): void {}

  onStreamEnd(): void {}

  onRefusal(status: number, _headers: ReplyHeaders, text: string): void {
    if (status >= 400) this.#session.endedBy(status, text);
    this.#settle(status < 300);
  }

  onBroken(failure: Failure): void {
    // An empty 200 is an acceptance too, though not the one that the protocol names.
    this.#settle(failure.error.code === 'upstream_protocol');
  }
}

/**
 * 404 says so (MCP 2025-11-25). Servers that keep their sessions in a table answer 400 with an error of their own
 * to one that is not in it.
 */
const saysUnknownSession = (status: number, text: string): boolean => {
  if (status === 404) return true;
  if (status !== 400) return false;
  const message = parseMessages(text);
  if (message === undefined || Array.isArray(message)) return false;
  const { error, id } = message as Message;
  if (id !== undefined && id !== null) return false;
  return (
    errorCode(message as Message) === -32000 && isObject(error) && /session/i.test(String(error.message))
  );
};
