/** A JSON-RPC response of an upstream, read as far as the gateway needs. */
import { GatewayError } from '../errors.ts';
import type { Message as UpstreamMessage } from '../upstream/message.ts';
import { type Members, membersAt } from './json-members.ts';
import { applyEdits, type Edit } from './splice.ts';

export interface UpstreamResponse {
  readonly text: string;
  readonly root: Members;
  /** Absent for errors. */
  readonly resultStart: number | undefined;
  /** Of a JSON-RPC error. */
  readonly errorCode: number | undefined;
  readonly outcome: 'ok' | 'tool_error' | 'protocol_error';
}

/** Reads a response: `message` is `text` parsed. */
export const readResponse = (text: string, message: UpstreamMessage): UpstreamResponse => {
  const root = membersAt(text, 0);
  if (message.error !== undefined) {
    const errorCode = (message.error as { code?: unknown } | null)?.code;
    const code = typeof errorCode === 'number' ? errorCode : 0;
    return { text, root, resultStart: undefined, errorCode: code, outcome: 'protocol_error' };
  }
  const resultStart = root.starts[root.keys.indexOf('result')];
  const failed = (message.result as { isError?: unknown } | null | undefined)?.isError === true;
  return { text, root, resultStart, errorCode: undefined, outcome: failed ? 'tool_error' : 'ok' };
};

/** The same response with another id, and further edits. */
export const answerAs = (response: UpstreamResponse, idText: string, edits: readonly Edit[] = []): string => {
  const { root, text } = response;
  const at = root.keys.indexOf('id');
  if (at < 0) throw new GatewayError('upstream_protocol', 'the upstream answered without an id');
  const id: Edit = { start: root.starts[at]!, end: root.ends[at]!, text: idText };
  return applyEdits(text, edits.length === 0 ? [id] : [id, ...edits]);
};
