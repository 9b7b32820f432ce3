/** Requests that the gateway makes on its own behalf: lists, discovery, log levels. */
import { GatewayError } from '../errors.ts';
import type { Link, OutboundRequest } from '../upstream/link.ts';
import { isObject, methodNotFoundAnswer, type Message as UpstreamMessage } from '../upstream/message.ts';
import { META, MODERN_VERSION } from './revision.ts';

/** Who the gateway says it is. */
export interface GatewayInfo {
  readonly name: string;
  readonly version: string;
}

/** What is said of the client when the gateway asks for it. */
export interface AskContext {
  readonly info: GatewayInfo;
  /** JSON text of the client capabilities that the answer may depend on; modern links only. */
  readonly capabilitiesText: string;
  /** Of the caller for whom it asks, flat; those that the conversation was opened with if absent. */
  readonly headers?: readonly string[];
}

/** The `_meta` member of a request to a modern upstream, as JSON text without braces. */
export const modernMeta = (context: AskContext): string =>
  `"${META.protocolVersion}":"${MODERN_VERSION}","${META.clientInfo}":${JSON.stringify(context.info)},` +
  `"${META.clientCapabilities}":${context.capabilitiesText}`;

/** The largest answer that is read for the gateway itself. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** The result of a request, with the whole answer as it came. */
export interface Answer {
  readonly text: string;
  readonly result: Readonly<Record<string, unknown>>;
}

const askBody = (link: Link, id: number, method: string, params: object, context: AskContext): string => {
  const inner = JSON.stringify(params).slice(1, -1);
  const meta = link.era === 'modern' ? `"_meta":{${modernMeta(context)}}` : '';
  const members = [inner, meta].filter((part) => part !== '').join(',');
  return `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${members}}}`;
};

/** The result of a request, or a rejection with a GatewayError. JSON-RPC errors reject as `upstream_protocol`. */
export const ask = (
  link: Link,
  method: string,
  params: object,
  context: AskContext,
  timeoutMs: number,
  maxBytes = MAX_ANSWER_BYTES,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const id = link.nextId();
    const headers = context.headers ?? link.callerHeaders ?? [];
    const request: OutboundRequest = {
      id,
      method,
      body: askBody(link, id, method, params, context),
      headers: link.era === 'modern' ? ['mcp-method', method, ...headers] : headers,
      isOwn: true,
      idempotent: true,
      timeoutMs,
      maxBytes,
    };
    link.request(request, {
      onStream: () => undefined,
      onSuspend: () => undefined,
      onMessage: (_text, message) => refuseRequest(link, message),
      onError: reject,
      onResponse: (text, { result, error }) => {
        if (isObject(result)) resolve({ text, result });
        else
          reject(new GatewayError('upstream_protocol', 'the upstream refused a request', { cause: error }));
      },
    });
  });

/** Answers a request of an upstream that nobody takes; notifications are dropped. */
export const refuseRequest = (link: Link, message: UpstreamMessage): void => {
  if (message.id !== undefined && message.method !== undefined) link.send(methodNotFoundAnswer(message.id));
};
