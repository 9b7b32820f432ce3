/** The call that every target gets, about 300 B each way, and how a right answer to it looks. */

export const MODERN_REVISION = '2026-07-28';
export const LEGACY_REVISION = '2025-11-25';
export const TOOL = 'lookup_forecast';
export const ENDPOINT_PATH = '/mcp';

/** Which of the two eras of the protocol a call is made in. */
export type Era = 'modern' | 'legacy';

/** The text that the upstream answers with. */
export const ANSWER =
  'Reykjavik, three days: Friday 4 C, wind 9 m/s from the north, showers; ' +
  'Saturday 2 C, wind 6 m/s, dry and cloudy; Sunday 5 C, wind 11 m/s from the south-west, rain from noon on.';

/**
 * What the upstream answers with: JSON of about 300 B, a megabyte of it, or the small one as an event stream. `events`:
 * the small one, over HTTP+SSE of a tool whose name has a prefix.
 */
export type ReplyKind = 'small' | 'large' | 'stream' | 'events';

/** What mcp-hub calls the bench's upstream. */
export const HUB_SERVER = 'bench';

/** What it makes the names of tools begin with. */
export const HUB_PREFIX = `${HUB_SERVER}__`;

/** A megabyte. */
export const LARGE_ANSWER = ANSWER.repeat(Math.ceil(1e6 / ANSWER.length));

const CLIENT_INFO = { name: 'gatewright-bench', version: '1.0.0' };

/** The `_meta` of every modern request. */
export const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': MODERN_REVISION,
  'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
  'io.modelcontextprotocol/clientCapabilities': {},
};

const toolOf = (kind: ReplyKind): string => (kind === 'events' ? `${HUB_PREFIX}${TOOL}` : TOOL);

/** The JSON text of the `tools/call` with the given id. */
export const callBody = (era: Era, id: number, kind: ReplyKind = 'small'): string => {
  const units = kind === 'small' || kind === 'events' ? 'metric' : kind;
  const params = { name: toolOf(kind), arguments: { city: 'Reykjavik', days: 3, units } };
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: era === 'modern' ? { ...params, _meta: MODERN_META } : params,
  });
};

/** The JSON text of a legacy `initialize`. */
export const initializeBody = (): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: LEGACY_REVISION, capabilities: {}, clientInfo: CLIENT_INFO },
  });

/** Who calls: the token and, in the legacy era, the session. */
export interface Caller {
  readonly token?: string | undefined;
  readonly sessionId?: string | undefined;
}

/** The headers of the `tools/call`, in lower case. */
export const callHeaders = (era: Era, caller: Caller, kind: ReplyKind = 'small'): Record<string, string> => ({
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': era === 'modern' ? MODERN_REVISION : LEGACY_REVISION,
  ...(era === 'modern' ? { 'mcp-method': 'tools/call', 'mcp-name': toolOf(kind) } : {}),
  ...(caller.sessionId === undefined ? {} : { 'mcp-session-id': caller.sessionId }),
  ...(caller.token === undefined ? {} : { authorization: `Bearer ${caller.token}` }),
});

/** The whole HTTP/1.1 request as it goes out on a kept connection. */
export const callRequest = (
  era: Era,
  id: number,
  port: number,
  caller: Caller,
  kind: ReplyKind = 'small',
): Buffer => {
  const body = callBody(era, id, kind);
  const headers = Object.entries(callHeaders(era, caller, kind)).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.from(
    `POST ${ENDPOINT_PATH} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${headers.join('')}` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
};

/** The last message of an event stream. */
const lastOfStream = (text: string): string => /.*(?:^|\n)data: ([^\n]*)/s.exec(text)?.[1] ?? '';

/** Whether `body` is the JSON-RPC response with the right id and the text that the upstream sent. */
export const isRightAnswer = (body: string, id: number, kind: ReplyKind = 'small'): boolean => {
  try {
    const text = body.startsWith('{') ? body : lastOfStream(body);
    const { jsonrpc, id: answered, result } = JSON.parse(text);
    const wanted = kind === 'large' ? LARGE_ANSWER : ANSWER;
    return jsonrpc === '2.0' && answered === id && result.content[0].text === wanted && !result.isError;
  } catch {
    return false;
  }
};
