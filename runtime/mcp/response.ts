/** A JSON-RPC response of an upstream, read as far as the gateway needs. */
import { GatewayError } from '../errors.ts';
import { hasDuplicate, type Members, membersAt } from '../json-members.ts';
import { upstreamError } from '../upstream/failure.ts';
import { isObject, type Message as UpstreamMessage } from '../upstream/message.ts';
import { applyEdits, dropMember, type Edit } from './splice.ts';

export interface UpstreamResponse {
  readonly text: string;
  readonly root: Members;
  /** Absent for errors. */
  readonly resultStart: number | undefined;
  /** The result parsed; absent for errors. */
  readonly result: Readonly<Record<string, unknown>> | undefined;
  /** Of a JSON-RPC error. */
  readonly errorCode: number | undefined;
  readonly outcome: 'ok' | 'tool_error' | 'protocol_error';
  /** Takes out the `null` that some put in place of the member that JSON-RPC wants absent. */
  readonly repair: Edit | undefined;
}

const dropNull = (root: Members, key: 'result' | 'error'): Edit | undefined => {
  const at = root.keys.indexOf(key);
  return at < 0 ? undefined : dropMember(root, at);
};

const readError = (text: string, root: Members, { error, result }: UpstreamMessage): UpstreamResponse => {
  const code = isObject(error) ? error.code : undefined;
  if (typeof code !== 'number') throw upstreamError('upstream_protocol', 'an error that is none');
  if (result !== undefined && result !== null)
    throw upstreamError('upstream_protocol', 'a response with both result and error');
  const repair = result === null ? dropNull(root, 'result') : undefined;
  return {
    text,
    root,
    resultStart: undefined,
    result: undefined,
    errorCode: code,
    outcome: 'protocol_error',
    repair,
  };
};

/**
 * Reads a response: `message` is `text` parsed. Throws `upstream_protocol` for one that its readers could take for
 * different things: a member twice, result and error at once, a result that is no object.
 */
export const readResponse = (text: string, message: UpstreamMessage): UpstreamResponse => {
  const root = membersAt(text, 0);
  if (hasDuplicate(root.keys)) throw upstreamError('upstream_protocol', 'a response with a member twice');
  const { error, result } = message;
  if (error !== undefined && error !== null) return readError(text, root, message);
  if (!isObject(result)) throw upstreamError('upstream_protocol', 'a result that is no object');
  return {
    text,
    root,
    resultStart: root.starts[root.keys.indexOf('result')],
    result,
    errorCode: undefined,
    outcome: result.isError === true ? 'tool_error' : 'ok',
    repair: error === null ? dropNull(root, 'error') : undefined,
  };
};

/** The same response with another id, and further edits. */
export const answerAs = (response: UpstreamResponse, idText: string, edits: readonly Edit[] = []): string => {
  const { root, text, repair } = response;
  const at = root.keys.indexOf('id');
  if (at < 0) throw new GatewayError('upstream_protocol', 'the upstream answered without an id');
  const all: Edit[] = [{ start: root.starts[at]!, end: root.ends[at]!, text: idText }];
  if (repair !== undefined) all.push(repair);
  return applyEdits(text, edits.length === 0 ? all : all.concat(edits));
};
