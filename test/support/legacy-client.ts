/** A client of 2025-11-25 or older that sends exactly what a test tells it to. */
import { EventStreamClient } from './event-stream-client.ts';
import { type RawAnswer, rawRequest } from './raw-request.ts';

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** The headers of requests within a session. */
export type SessionHeaders = Readonly<Record<string, string>>;

/** Sends one message. */
export const legacyRequest = (
  url: string,
  method: string,
  params: object = {},
  headers: SessionHeaders = {},
): Promise<RawAnswer> =>
  rawRequest(url, {
    method: 'POST',
    headers: { ...HEADERS, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });

/** What a client says of itself when its session begins. */
export interface SessionOptions {
  readonly version?: string;
  readonly capabilities?: object;
}

/** Begins a session. */
export const openSession = async (
  url: string,
  headers: SessionHeaders = {},
  { version = '2025-11-25', capabilities = {} }: SessionOptions = {},
): Promise<SessionHeaders> => {
  const params = {
    protocolVersion: version,
    capabilities,
    clientInfo: { name: 'test-client', version: '1.0.0' },
  };
  const answer = await legacyRequest(url, 'initialize', params, headers);
  const id = answer.headers['mcp-session-id'];
  if (typeof id !== 'string') throw new Error(`no session: ${answer.status} ${answer.text}`);
  return { ...headers, 'mcp-session-id': id, 'mcp-protocol-version': version };
};

/** Sends one request whose answer is a stream: the client is asked before it is answered. */
export const streamedRequest = (
  url: string,
  session: SessionHeaders,
  message: { readonly id: number | string; readonly method: string; readonly params: object },
): Promise<EventStreamClient> =>
  EventStreamClient.open(
    url,
    { method: 'POST', headers: { ...HEADERS, ...session } },
    JSON.stringify({ jsonrpc: '2.0', ...message }),
  );

/** Sends a notification, or the answer to a request of the server. */
export const legacyMessage = (url: string, session: SessionHeaders, message: object): Promise<RawAnswer> =>
  rawRequest(url, {
    method: 'POST',
    headers: { ...HEADERS, ...session },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  });
