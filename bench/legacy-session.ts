/** Opens sessions as a client of 2025-11-25 does. */
import { ENDPOINT_PATH, initializeBody, LEGACY_REVISION } from './call.ts';

const post = (port: number, headers: Record<string, string>, body: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${ENDPOINT_PATH}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body,
  });

/** Does initialize and initialized; resolves to the session's id. Rejects if either is refused. */
export const openSession = async (port: number, token: string | undefined): Promise<string> => {
  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const opened = await post(port, authorization, initializeBody());
  const text = await opened.text();
  const sessionId = opened.headers.get('mcp-session-id');
  if (!opened.ok || sessionId === null) throw new Error(`initialize was answered ${opened.status}: ${text}`);
  const initialized = await post(
    port,
    { ...authorization, 'mcp-session-id': sessionId, 'mcp-protocol-version': LEGACY_REVISION },
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
  );
  await initialized.arrayBuffer();
  if (!initialized.ok) throw new Error(`notifications/initialized was answered ${initialized.status}`);
  return sessionId;
};
