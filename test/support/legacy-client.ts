/** A client of 2025-11-25 that sends exactly what a test tells it to. */
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

/** Begins a session. */
export const openSession = async (url: string, headers: SessionHeaders = {}): Promise<SessionHeaders> => {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test-client', version: '1.0.0' },
  };
  const answer = await legacyRequest(url, 'initialize', params, headers);
  const id = answer.headers['mcp-session-id'];
  if (typeof id !== 'string') throw new Error(`no session: ${answer.status} ${answer.text}`);
  return { ...headers, 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' };
};
