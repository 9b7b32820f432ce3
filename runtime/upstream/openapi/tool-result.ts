/** Answers of an API as results of its tools (MCP 2026-07-28, CallToolResult). */
import { STATUS_CODES } from 'node:http';
import { parseExactly } from '../../../schema/escaped-keys.ts';
import { parseRetryAfterMs } from '../../traffic/retry.ts';
import { isObject, type Message } from '../message.ts';
import type { ApiReply } from './api-exchange.ts';
import type { Validate } from './validator.ts';

/** A response with its text. */
export interface Answer {
  readonly text: string;
  readonly message: Message;
}

type Block = Readonly<Record<string, unknown>>;

/** @param structured JSON text and value of `structuredContent` */
const answer = (
  id: number,
  content: readonly Block[],
  isError: boolean,
  structured?: { readonly text: string; readonly value: unknown },
): Answer => {
  const structuredText = structured === undefined ? '' : `,"structuredContent":${structured.text}`;
  const result = {
    resultType: 'complete',
    content,
    ...(structured === undefined ? {} : { structuredContent: structured.value }),
    isError,
  };
  return {
    text: `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","content":${JSON.stringify(content)}${structuredText},"isError":${isError}}}`,
    message: { id, result },
  };
};

const textBlock = (text: string): Block => ({ type: 'text', text });

/** A call that was not made, or not understood by the API: the model is told, and can do better. */
export const refusedAnswer = (id: number, problem: string): Answer => answer(id, [textBlock(problem)], true);

const essence = (type: string | undefined): string => (type ?? '').split(';', 1)[0]!.trim().toLowerCase();

const isJson = (type: string): boolean => type === 'application/json' || type.endsWith('+json');

const isText = (type: string): boolean =>
  type === '' ||
  type.startsWith('text/') ||
  isJson(type) ||
  /^application\/(?:xml|javascript|yaml|x-yaml|x-www-form-urlencoded|graphql)$|\+(?:xml|yaml)$/.test(type);

const decode = (body: Buffer, contentType: string | undefined): string => {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
};

const parsed = (text: string): unknown => {
  try {
    return parseExactly(text);
  } catch {
    return undefined;
  }
};

const binaryBlock = (tool: string, type: string, body: Buffer): Block => {
  const data = body.toString('base64');
  if (type.startsWith('image/')) return { type: 'image', data, mimeType: type };
  if (type.startsWith('audio/')) return { type: 'audio', data, mimeType: type };
  return {
    type: 'resource',
    resource: { uri: `openapi:${encodeURIComponent(tool)}`, mimeType: type, blob: data },
  };
};

/** When to come back: a header, which no model sees. */
const comeBackText = (headers: ApiReply['headers']): string => {
  const retryAfterMs = parseRetryAfterMs(headers['retry-after'], Date.now());
  return retryAfterMs === undefined ? '' : `\nRetry-After: ${Math.ceil(retryAfterMs / 1000)}`;
};

const statusText = (status: number): string => `HTTP ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();

const failed = (id: number, { status, headers, body }: ApiReply): Answer => {
  const type = essence(headers['content-type']);
  const told = body.length > 0 && isText(type) ? `\n\n${decode(body, headers['content-type'])}` : '';
  return answer(id, [textBlock(`${statusText(status)}${comeBackText(headers)}${told}`)], true);
};

/** Line breaks within JSON stand between values only: as blanks they mean the same, and fit any framing. */
const oneLine = (json: string): string => json.replaceAll(/[\r\n]+/g, ' ');

/**
 * The answer to a call. `output` checks what the tool's output schema promises: a result that breaks the promise is
 * an error, with what the API said beside it.
 */
export const replyAnswer = (
  id: number,
  tool: string,
  reply: ApiReply,
  output: Validate | undefined,
): Answer => {
  const { status, headers, body } = reply;
  if (status < 200 || status >= 300) return failed(id, reply);
  const type = essence(headers['content-type']);
  const isReadable = isText(type);
  const text = isReadable ? decode(body, headers['content-type']) : '';
  const block =
    body.length === 0
      ? textBlock(statusText(status))
      : isReadable
        ? textBlock(text)
        : binaryBlock(tool, type, body);
  if (output === undefined) return answer(id, [block], false);
  const value = isJson(type) ? parsed(text) : undefined;
  const problem = isObject(value) ? output(value) : 'it is no JSON object';
  if (problem === undefined) return answer(id, [block], false, { text: oneLine(text), value });
  const told = `${statusText(status)}, but the answer is not what the API's description says: ${problem}`;
  return answer(id, [textBlock(told), block], true);
};
