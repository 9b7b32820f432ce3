/** JSON-RPC messages of an upstream, as far as a link looks at them. */
import { parseExactly } from '../../schema/escaped-keys.ts';
import { elementsAt } from '../json-members.ts';

/** A parsed message. Members are what the upstream sent, unchecked but for being an object. */
export interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A message of a batch, with its part of the batch's text. */
export interface BatchedMessage {
  readonly text: string;
  readonly message: Message;
}

/** An id that is neither text nor number is none (JSON-RPC 2.0, 4); an error of no request may have null. */
const isMessage = (value: unknown): value is Message => {
  if (!isObject(value)) return false;
  const { id } = value;
  return id === undefined || id === null || typeof id === 'string' || typeof id === 'number';
};

/**
 * The messages in a JSON text: one, or those of a batch (MCP 2025-03-26); undefined if it is none. The text may nest
 * deeper than the stack reaches: values of it must not be serialised again, nor walked by recursion without a bound.
 */
export const parseMessages = (text: string): Message | readonly BatchedMessage[] | undefined => {
  let value: unknown;
  try {
    value = parseExactly(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return isMessage(value) ? value : undefined;
  if (value.length === 0 || !value.every(isMessage)) return undefined;
  return elementsAt(text, 0).map(([start, end], at) => ({
    text: text.slice(start, end),
    message: value[at]!,
  }));
};

/** JSON text of an id, or undefined if it is none. */
export const idTextOf = (id: unknown): string | undefined =>
  typeof id === 'string' || typeof id === 'number' ? JSON.stringify(id) : undefined;

/** Whether a message answers a request: it has a result or an error, and no method. */
export const isResponse = (message: Message): boolean =>
  message.method === undefined && (message.result !== undefined || message.error !== undefined);

/** The code of an error response, if it is a well-formed one. */
export const errorCode = (message: Message): number | undefined =>
  isObject(message.error) &&
  typeof message.error.code === 'number' &&
  typeof message.error.message === 'string'
    ? message.error.code
    : undefined;

/** The text of an empty answer to a request of the upstream. */
export const emptyAnswer = (id: unknown): string => JSON.stringify({ jsonrpc: '2.0', id, result: {} });

/** The text of a refusal of a request of the upstream. */
export const methodNotFoundAnswer = (id: unknown): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });

/** The text of notifications/cancelled for a request that this side sent. */
export const cancelledNotification = (requestId: number, reason: string): string =>
  JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, reason } });
