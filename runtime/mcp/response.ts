/** A JSON-RPC response of an upstream, read as far as the gateway needs. */
import { GatewayError } from '../errors.ts';
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

const IS_ERROR = /"isError"\s*:\s*true/;

/** Reads a response; the text is JSON that the link has checked to answer its request. */
export const readResponse = (text: string): UpstreamResponse => {
  const root = membersAt(text, 0);
  const errorAt = root.keys.indexOf('error');
  if (errorAt >= 0) {
    const error = JSON.parse(text.slice(root.starts[errorAt], root.ends[errorAt])) as {
      code?: unknown;
    } | null;
    const code = typeof error?.code === 'number' ? error.code : 0;
    return { text, root, resultStart: undefined, errorCode: code, outcome: 'protocol_error' };
  }
  const resultStart = root.starts[root.keys.indexOf('result')];
  const failed =
    IS_ERROR.test(text) && resultStart !== undefined && readMember(text, resultStart, 'isError') === 'true';
  return { text, root, resultStart, errorCode: undefined, outcome: failed ? 'tool_error' : 'ok' };
};

const readMember = (text: string, start: number, key: string): string | undefined => {
  const members = membersAt(text, start);
  const at = members.keys.indexOf(key);
  return at < 0 ? undefined : text.slice(members.starts[at], members.ends[at]);
};

/** The same response with another id, and further edits. */
export const answerAs = (response: UpstreamResponse, idText: string, edits: readonly Edit[] = []): string => {
  const { root, text } = response;
  const at = root.keys.indexOf('id');
  if (at < 0) throw new GatewayError('upstream_protocol', 'the upstream answered without an id');
  const id: Edit = { start: root.starts[at]!, end: root.ends[at]!, text: idText };
  return applyEdits(text, edits.length === 0 ? [id] : [id, ...edits]);
};
