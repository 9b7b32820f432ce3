/** What the headers of a POST owe to its body. */
import type { IncomingHttpHeaders } from 'node:http';
import { MODERN, type Revision } from './message-schema.ts';
import { claimOf, revisionOf } from './wire-conversation.ts';

const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

// biome-ignore lint/suspicious/noExplicitAny: read whatever was said
type Said = any;

const transportFaults = (headers: IncomingHttpHeaders): string[] => {
  const faults: string[] = [];
  const accept = headers.accept ?? '';
  if (!accept.includes('application/json') || !accept.includes('text/event-stream'))
    faults.push(`accept is ${accept}`);
  if (!headers['content-type']?.startsWith('application/json'))
    faults.push(`content-type is ${headers['content-type']}`);
  return faults;
};

const plain = (value: string): string => {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value);
  return encoded === null ? value : Buffer.from(encoded[1]!, 'base64').toString('utf8');
};

const modernFaults = (headers: IncomingHttpHeaders, message: Said): string[] => {
  const faults: string[] = [];
  const expected: Record<string, unknown> = {
    'mcp-protocol-version': claimOf(message),
    'mcp-method': message.method,
    'mcp-session-id': undefined,
    'last-event-id': undefined,
  };
  const parameter = NAMED[message.method];
  if (parameter !== undefined) expected['mcp-name'] = message.params?.[parameter];
  for (const [name, value] of Object.entries(expected)) {
    const sent = headers[name];
    if ((typeof sent === 'string' ? plain(sent) : sent) !== value) faults.push(`${name} is ${String(sent)}`);
  }
  return faults;
};

/**
 * What is wrong with the headers that a client sent with a message (MCP 2026-07-28, streamable-http, Request
 * Headers; 2025-11-25, transports). `session` is the revision of the session that the request names, if it does.
 */
export const requestHeaderFaults = (
  headers: IncomingHttpHeaders,
  message: unknown,
  session: Revision | undefined,
): string[] => {
  const faults = transportFaults(headers);
  const claim = revisionOf(claimOf(message));
  if (claim === MODERN) return [...faults, ...modernFaults(headers, message)];
  const stated = headers['mcp-protocol-version'];
  if (session !== undefined && session >= '2025-06-18' && stated !== session)
    faults.push(`mcp-protocol-version is ${String(stated)} in a session of ${session}`);
  return faults;
};
