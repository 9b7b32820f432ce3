/** Results of modern upstreams that ask for input, as the client gets them. */

import { type Members, membersAt } from '../../json-members.ts';
import { upstreamError } from '../../upstream/failure.ts';
import { isObject } from '../../upstream/message.ts';
import type { Call } from '../call.ts';
import type { UpstreamResponse } from '../response.ts';
import type { Edit } from '../splice.ts';
import { labelled, labelOf, mayAsk } from './input-request.ts';
import { sealState } from './request-state.ts';

export const asksForInput = ({ result }: UpstreamResponse): boolean =>
  result !== undefined && result.resultType === 'input_required';

/** The members of the object at `start` besides each other: their key, and where their value lies. */
const each = ({ keys, starts, ends }: Members): { key: string; start: number; end: number }[] =>
  keys.map((key, at) => ({ key, start: starts[at]!, end: ends[at]! }));

const labelEdit = (text: string, start: number, params: unknown, label: string): Edit[] => {
  const at = each(membersAt(text, start)).find(({ key }) => key === 'params');
  if (at === undefined || !isObject(params)) return [];
  const paramsText = text.slice(at.start, at.end);
  const told = labelled(paramsText, params, label);
  return told === paramsText ? [] : [{ start: at.start, end: at.end, text: told }];
};

const requestEdits = (
  call: Call,
  upstream: string,
  text: string,
  start: number,
  requests: unknown,
): Edit[] => {
  const label = labelOf(call, upstream);
  return each(membersAt(text, start)).flatMap(({ key, start: at }) => {
    const request = (requests as Readonly<Record<string, unknown>>)[key];
    const method: unknown = isObject(request) ? request.method : undefined;
    const params: unknown = isObject(request) ? request.params : undefined;
    if (typeof method !== 'string' || !mayAsk(call, method, params))
      throw upstreamError(
        'upstream_protocol',
        `input was asked for by ${String(method)}, which was not offered`,
      );
    return label === '' ? [] : labelEdit(text, at, params, label);
  });
};

/**
 * Edits of the questions in a result, which say whose they are. Throws `upstream_protocol` for one that the client
 * did not offer to answer.
 */
export const questionEdits = (
  call: Call,
  upstream: string,
  { text, result, resultStart }: UpstreamResponse,
): Edit[] =>
  each(membersAt(text, resultStart!))
    .filter(({ key }) => key === 'inputRequests')
    .flatMap(({ start }) => requestEdits(call, upstream, text, start, result!.inputRequests));

/**
 * Edits of a result that asks for input: the upstream's state is sealed, and questions say whose they are. Throws
 * `upstream_protocol` for a question that the client did not offer to answer, and for a state that is no text.
 */
export const inputEdits = (call: Call, upstream: string, response: UpstreamResponse): Edit[] => {
  const { text, result, resultStart } = response;
  if (call.method.kind !== 'target')
    throw upstreamError('upstream_protocol', 'input was asked for where none is due');
  const edits = questionEdits(call, upstream, response);
  for (const { key, start, end } of each(membersAt(text, resultStart!))) {
    if (key !== 'requestState') continue;
    if (typeof result!.requestState !== 'string')
      throw upstreamError('upstream_protocol', 'a request state that is no text');
    const state = { kind: 'upstream', upstream, stateText: text.slice(start, end) } as const;
    const sealed = sealState(call, state, call.server.parked.bounds.absoluteMs);
    edits.push({ start, end, text: JSON.stringify(sealed) });
  }
  return edits;
};
