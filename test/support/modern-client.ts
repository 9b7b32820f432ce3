/** A client of 2026-07-28 that sends exactly what a test tells it to. */
import { request } from 'undici';
import { META, MODERN_VERSION } from '../../runtime/mcp/revision.ts';
import { MODERN, messageFaults } from './message-schema.ts';

export interface ModernOptions {
  readonly token?: string;
  /** Added to, or with `undefined` taken from, the headers that a right request has. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly capabilities?: object;
  readonly meta?: object;
  readonly id?: string | number;
  /** False for a server that is wrong on purpose; everybody else's answers must be valid. */
  readonly valid?: false;
}

export interface ModernAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The JSON body, or the last message of a stream. */
  readonly body: {
    // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
    readonly result?: any;
    // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
    readonly error?: any;
    readonly id?: unknown;
  };
}

const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

/** The text of a right request. */
export const modernBody = (method: string, params: object = {}, options: ModernOptions = {}): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: options.id ?? 1,
    method,
    params: {
      ...params,
      _meta: {
        [META.protocolVersion]: MODERN_VERSION,
        [META.clientInfo]: { name: 'test-client', version: '1.0.0' },
        [META.clientCapabilities]: options.capabilities ?? {},
        ...options.meta,
      },
    },
  });

/** The headers of a right request, with a test's own over them. */
export const modernHeaders = (
  method: string,
  params: object,
  options: ModernOptions,
): Record<string, string> => {
  const name = (params as Readonly<Record<string, unknown>>)[NAMED[method] ?? ''];
  const headers: Record<string, string | undefined> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': MODERN_VERSION,
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': name } : undefined),
    ...(options.token === undefined ? undefined : { authorization: `Bearer ${options.token}` }),
    ...options.headers,
  };
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
};

const messagesOf = (text: string, contentType: unknown): unknown[] => {
  if (!String(contentType).includes('text/event-stream')) return text === '' ? [] : [JSON.parse(text)];
  const data = text.split('\n').filter((line) => line.startsWith('data: {'));
  return data.map((line) => JSON.parse(line.slice('data: '.length)));
};

/** Whatever a gateway answers must be valid by the published schema, with or without a tap before it. */
const assertValid = (method: string, text: string, contentType: unknown): void => {
  for (const message of messagesOf(text, contentType)) {
    const faults = messageFaults(MODERN, message, { from: 'server', answers: method });
    if (faults.length > 0) throw new Error(`invalid answer to ${method}: ${faults.join('; ')}: ${text}`);
  }
};

const lastMessage = (text: string, contentType: unknown): ModernAnswer['body'] => {
  if (text === '') return {};
  if (!String(contentType).includes('text/event-stream')) return JSON.parse(text);
  const data = text.split('\n').filter((line) => line.startsWith('data: {'));
  return JSON.parse(data.at(-1)!.slice('data: '.length));
};

/** Sends one request and reads the whole answer. */
export const modernRequest = async (
  url: string,
  method: string,
  params: object = {},
  options: ModernOptions = {},
): Promise<ModernAnswer> => {
  const answer = await request(url, {
    method: 'POST',
    headers: modernHeaders(method, params, options),
    body: modernBody(method, params, options),
  });
  const text = await answer.body.text();
  if (options.valid !== false) assertValid(method, text, answer.headers['content-type']);
  const contentType = answer.headers['content-type'];
  return { status: answer.statusCode, headers: answer.headers, text, body: lastMessage(text, contentType) };
};

/** tools/call. */
export const callTool = (
  url: string,
  name: string,
  args: object = {},
  options: ModernOptions = {},
): Promise<ModernAnswer> => modernRequest(url, 'tools/call', { name, arguments: args }, options);

/** The names that tools/list shows. */
export const toolNames = async (url: string, options: ModernOptions = {}): Promise<string[]> => {
  const { body } = await modernRequest(url, 'tools/list', {}, options);
  return body.result.tools.map(({ name }: { name: string }) => name);
};
