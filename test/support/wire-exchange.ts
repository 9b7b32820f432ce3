/** One HTTP exchange of the streamable HTTP transport as a tap hears it: which conversation it is part of, and its rules. */
import type { IncomingHttpHeaders } from 'node:http';
import { EventReader, type ServerEvent } from './event-reader.ts';
import { MODERN, type Revision } from './message-schema.ts';
import { Conversation, claimOf, revisionOf, type WireRecord } from './wire-conversation.ts';
import { requestHeaderFaults } from './wire-headers.ts';

/** Judges what belongs to no session and states no revision. */
const UNSTATED: Revision = '2025-11-25';
/** What may precede the result of a modern request that is not subscriptions/listen. */
const REQUEST_SCOPED = ['notifications/progress', 'notifications/message'];
const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId';
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

/** The sessions of a place by their ids. */
export type Sessions = Map<string, Conversation>;

export interface ExchangeHead {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

// biome-ignore lint/suspicious/noExplicitAny: read whatever was said
type Said = any;

const parse = (text: string): Said => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export class TappedExchange {
  readonly #record: WireRecord;
  readonly #sessions: Sessions;
  readonly #head: ExchangeHead;
  readonly #where: string;
  readonly #body: Buffer[] = [];
  readonly #answer: Buffer[] = [];
  #events: EventReader | undefined;
  #status = 0;
  #contentType = '';
  #conversation: Conversation | undefined;
  #request: Said;
  #isModern = false;
  #heard = 0;
  #answered = false;

  constructor(record: WireRecord, sessions: Sessions, head: ExchangeHead) {
    this.#record = record;
    this.#sessions = sessions;
    this.#head = head;
    this.#where = `${head.method} ${head.path}`;
  }

  requestChunk(chunk: Buffer): void {
    this.#body.push(chunk);
  }

  /** The request is whole, or its answer begins before it is. */
  settle(): Conversation {
    this.#conversation ??= this.#join();
    return this.#conversation;
  }

  #join(): Conversation {
    const { headers, method } = this.#head;
    const text = Buffer.concat(this.#body).toString('utf8');
    this.#request = method === 'POST' ? parse(text) : undefined;
    const stated = revisionOf(headers['mcp-protocol-version']);
    this.#isModern = method === 'POST' && (revisionOf(claimOf(this.#request)) ?? stated) === MODERN;
    const session = this.#isModern ? undefined : this.#sessions.get(String(headers['mcp-session-id']));
    const version = this.#isModern ? MODERN : stated === undefined || stated === MODERN ? UNSTATED : stated;
    const conversation = session ?? new Conversation(this.#record, version);
    if (this.#request === undefined) return conversation;
    const faults = requestHeaderFaults(headers, this.#request, session?.version);
    for (const fault of faults) this.#record.blame('client', this.#where, fault, text);
    conversation.say('client', text, this.#where);
    return conversation;
  }

  responseHead(status: number, headers: IncomingHttpHeaders): void {
    const conversation = this.settle();
    const id = headers['mcp-session-id'];
    if (typeof id === 'string' && !this.#sessions.has(id)) this.#sessions.set(id, conversation);
    if (this.#isModern && id !== undefined) this.#blame('a session id', String(id));
    this.#status = status;
    this.#contentType = String(headers['content-type'] ?? '');
    if (this.#contentType.startsWith('text/event-stream')) this.#events = new EventReader();
  }

  responseChunk(chunk: Buffer): void {
    if (this.#events === undefined) this.#answer.push(chunk);
    else for (const event of this.#events.read(chunk)) this.#event(event);
  }

  /** The answer is whole; not called for one that was cut off. */
  responseEnd(): void {
    const text = Buffer.concat(this.#answer).toString('utf8');
    if (this.#contentType.startsWith('application/json')) {
      if (this.#head.method === 'POST' || parse(text)?.jsonrpc !== undefined) this.#hear(text);
    } else if (text !== '' && this.#head.method === 'POST')
      this.#blame(`${this.#status} with content type ${this.#contentType}`, text);
    if (this.#events !== undefined && this.#isModern && !this.#answered)
      this.#blame('the stream ended without an answer', JSON.stringify(this.#request));
  }

  #event(event: ServerEvent): void {
    if (this.#isModern && event.id !== undefined) this.#blame('an event id', event.id);
    if (event.event !== undefined && event.event !== 'message')
      this.#blame(`an event of type ${event.event}`, event.data ?? '');
    if (event.data !== undefined && event.data !== '') this.#hear(event.data);
  }

  #hear(text: string): void {
    for (const message of this.settle().say('server', text, this.#where)) {
      const fault = this.#isModern ? this.#modernFault(message) : this.#legacyFault(message);
      if (fault !== undefined) this.#blame(fault, JSON.stringify(message));
      this.#heard += 1;
      if (message !== null && typeof message === 'object' && !('method' in message)) this.#answered = true;
    }
  }

  #blame(fault: string, text: string): void {
    this.#record.blame('server', this.#where, fault, text);
  }

  #legacyFault(message: Said): string | undefined {
    const { method, headers } = this.#head;
    const standalone = method === 'GET' && headers['last-event-id'] === undefined;
    const isResponse = message?.method === undefined && message?.id !== undefined;
    return standalone && isResponse ? 'a response on the stream that belongs to no request' : undefined;
  }

  #modernFault(message: Said): string | undefined {
    if (this.#answered) return 'said after the response';
    const request = this.#request;
    if (message?.error !== undefined) return undefined;
    if (request?.method === 'subscriptions/listen') return this.#listenFault(message);
    if (message?.method === undefined) return undefined;
    if (!REQUEST_SCOPED.includes(message.method)) return `${message.method} belongs to subscriptions/listen`;
    if (message.method === 'notifications/message' && request?.params?._meta?.[LOG_LEVEL] === undefined)
      return 'a log message that was not asked for';
    return undefined;
  }

  #listenFault(message: Said): string | undefined {
    const isAcknowledgement = message?.method === ACKNOWLEDGED;
    if ((this.#heard === 0) !== isAcknowledgement) return 'the acknowledgement comes first, and once';
    if (REQUEST_SCOPED.includes(message?.method)) return `${message.method} belongs to another request`;
    const meta = message?.method === undefined ? message?.result?._meta : message.params?._meta;
    return meta?.[SUBSCRIPTION_ID] === this.#request.id
      ? undefined
      : 'not tagged with the id of its subscription';
  }
}
