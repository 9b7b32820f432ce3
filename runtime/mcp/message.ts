/** A JSON-RPC message as it came from a client. */
import { parseExactly } from '../../schema/escaped-keys.ts';
import { GatewayError, RPC } from '../errors.ts';
import { type JsonBounds, type JsonExcess, jsonExcess } from '../json-bounds.ts';
import { type MessageMembers, memberText, walkMessage } from '../json-members.ts';
import { isObject } from '../upstream/message.ts';

/** One message: its text, its value and where its members lie. */
export interface Message {
  readonly kind: 'request' | 'notification' | 'response';
  readonly text: string;
  /** JSON text of the id; absent for notifications. */
  readonly idText: string | undefined;
  /** Empty for responses. */
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>> | undefined;
  readonly members: MessageMembers;
}

const NONE: Readonly<Record<string, unknown>> = Object.freeze({});

const invalid = (message: string, idText?: string): RefusedMessage => ({
  error: new GatewayError('invalid_request', message, { status: 400, rpcCode: RPC.invalidRequest }),
  idText,
});

/** Why a body is no message, with the id to answer to where one could be read. */
export interface RefusedMessage {
  readonly error: GatewayError;
  readonly idText: string | undefined;
}

/** The value: undefined where the text is not JSON. */
export const parseJson = (text: string): unknown => {
  if (text === '') return undefined;
  try {
    return parseExactly(text);
  } catch {
    return undefined;
  }
};

/** The refusal of a body that is not JSON. */
export const notJson = (): RefusedMessage => ({
  error: new GatewayError('parse_error', 'the body is not JSON', { status: 400, rpcCode: RPC.parseError }),
  idText: undefined,
});

const EXCESS: Readonly<Record<JsonExcess, string>> = {
  depth: 'the body is nested too deeply',
  items: 'the body has too many items',
  length: 'a string of the body is too long',
};

/** The refusal of a body for what is known before it is parsed; undefined where there is nothing against it. */
export const tooMuch = (text: string, bounds: JsonBounds): GatewayError | undefined => {
  const excess = jsonExcess(text, bounds);
  return excess === undefined ? undefined : invalid(EXCESS[excess]).error;
};

const usableId = (value: unknown): boolean => typeof value === 'string' || Number.isInteger(value);

/**
 * Reads one message whose text is `text` and whose parsed value is `value`. Refuses what is no JSON-RPC 2.0 object,
 * has a key twice anywhere, or nests deeper than `maxDepth` (two parsers must never see two messages).
 */
export const readMessage = (text: string, value: unknown, maxDepth: number): Message | RefusedMessage => {
  if (!isObject(value)) return invalid('a message is a JSON object');
  const walked = walkMessage(text, maxDepth);
  if (walked === 'duplicate-key') return invalid('an object has the same key twice');
  if (walked === 'too-deep') return invalid(EXCESS.depth);
  const idText = usableId(value.id) ? memberText(text, walked.root, 'id') : undefined;
  if (value.jsonrpc !== '2.0') return invalid('jsonrpc must be "2.0"', idText);
  const { method, params } = value;
  if (method === undefined) {
    const answers = 'result' in value !== 'error' in value;
    if (idText === undefined || !answers) return invalid('neither a request nor a response', idText);
    return { kind: 'response', text, idText, method: '', params: NONE, meta: undefined, members: walked };
  }
  if (typeof method !== 'string') return invalid('method must be a string', idText);
  if (params !== undefined && !isObject(params)) return invalid('params must be an object', idText);
  if ('id' in value && idText === undefined) return invalid('id must be a string or an integer');
  const meta = params?._meta;
  return {
    kind: idText === undefined ? 'notification' : 'request',
    text,
    idText,
    method,
    params: params ?? NONE,
    meta: isObject(meta) ? meta : undefined,
    members: walked,
  };
};

/** Whether a read failed. */
export const isRefused = (read: Message | RefusedMessage): read is RefusedMessage => 'error' in read;

/** The string value of a parameter, or undefined. */
export const stringParam = (message: Message, name: string): string | undefined => {
  const value = message.params[name];
  return typeof value === 'string' ? value : undefined;
};
