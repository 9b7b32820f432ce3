import type { GatewayError } from '../../../runtime/errors.ts';
import type { Link, OutboundRequest, ReplySink } from '../../../runtime/upstream/link.ts';
import type { Message } from '../../../runtime/upstream/message.ts';

/** Keeps what a request brought, and lets a test wait for it. */
export class RecordingSink implements ReplySink {
  readonly events: string[] = [];
  readonly messages: Message[] = [];
  readonly ended: Promise<void>;
  response: (Message & { readonly text: string }) | undefined;
  error: GatewayError | undefined;
  #end: () => void = () => undefined;
  #waiting: (() => void)[] = [];

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  onStream(): void {
    this.#note('stream');
  }

  onSuspend(): void {
    this.#note('suspend');
  }

  onMessage(_text: string, message: Message): void {
    this.messages.push(message);
    this.#note('message');
  }

  onResponse(text: string, message: Message): void {
    this.response = { ...message, text };
    this.#note('response');
    this.#end();
  }

  onError(error: GatewayError): void {
    this.error = error;
    this.#note('error');
    this.#end();
  }

  /** Resolves when `condition` holds; looks again at each event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #note(event: string): void {
    this.events.push(event);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

export interface Sent {
  readonly id: number;
  readonly sink: RecordingSink;
  readonly cancel: (reason: string) => void;
}

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Sends a request with a well-formed body for the link's era. */
export const send = (
  link: Link,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  options: Partial<OutboundRequest> = {},
): Sent => {
  const id = link.nextId();
  const sink = new RecordingSink();
  const modern = link.era === 'modern';
  const meta = { ...(modern ? META : {}), progressToken: id };
  const name = typeof params.name === 'string' ? ['mcp-name', params.name] : [];
  const cancel = link.request(
    {
      id,
      method,
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } }),
      headers: modern ? ['mcp-method', method, ...name] : [],
      idempotent: false,
      ...options,
    },
    sink,
  );
  return { id, sink, cancel };
};

/** Calls the tool `echo`. */
export const callEcho = (link: Link, options: Partial<OutboundRequest> = {}): Sent =>
  send(link, 'tools/call', { name: 'echo', arguments: { text: 'grüße' } }, options);

/** As `callEcho`, awaited to its end. */
export const echo = async (link: Link, options: Partial<OutboundRequest> = {}): Promise<RecordingSink> => {
  const { sink } = callEcho(link, options);
  await sink.ended;
  return sink;
};
