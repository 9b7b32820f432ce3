/** Requests of upstreams as input requests of a result (MCP 2026-07-28, patterns/mrtr). */

import { membersAt, memberText } from '../../json-members.ts';
import { isObject } from '../../upstream/message.ts';
import type { Call } from '../call.ts';
import { META } from '../revision.ts';
import { rewriteObject } from '../splice.ts';
import { canBeAsked } from './declared-capabilities.ts';

/** What of a legacy request's parameters has no place in an input request. */
const LEGACY_PARAMS: ReadonlySet<string> = new Set(['_meta', 'task', 'elicitationId']);
const MESSAGE: ReadonlySet<string> = new Set(['message']);

/**
 * Says who asks where a server has more than one upstream: a client knows the gateway only, and must tell its user
 * whose question it is (MCP 2026-07-28, client/elicitation).
 */
export const labelOf = (call: Pick<Call, 'server'>, upstream: string): string =>
  call.server.exposures.length > 1 ? `[${upstream}] ` : '';

/** The parameters of a question with its label before what the user is shown. */
export const labelled = (
  paramsText: string,
  params: Readonly<Record<string, unknown>>,
  label: string,
): string =>
  label === '' || typeof params.message !== 'string'
    ? paramsText
    : rewriteObject(paramsText, MESSAGE, [['message', JSON.stringify(label + params.message)]]);

/** Whether a question says what it must. */
export const isSound = (method: string, params: Readonly<Record<string, unknown>>): boolean => {
  switch (method) {
    case 'elicitation/create':
      if (typeof params.message !== 'string') return false;
      return params.mode === 'url' ? typeof params.url === 'string' : isObject(params.requestedSchema);
    case 'sampling/createMessage':
      return Array.isArray(params.messages) && typeof params.maxTokens === 'number';
    default:
      return true;
  }
};

/** The capabilities that a modern request declares, under the server's ceiling. */
export const capabilitiesOf = (call: Pick<Call, 'message'>): unknown =>
  call.message.meta?.[META.clientCapabilities];

/** Whether the client of `call` can be asked this. */
export const mayAsk = (call: Call, method: string, params: unknown): boolean => {
  const known = isObject(params) ? params : {};
  return canBeAsked(capabilitiesOf(call), call.server.node.features, method, known) && isSound(method, known);
};

/** The JSON text of an input request with what a legacy upstream asked: `params` is the value of `paramsText`. */
export const inputRequestText = (
  method: string,
  paramsText: string | undefined,
  params: unknown,
  label: string,
): string => {
  if (paramsText === undefined || !isObject(params)) return `{"method":${JSON.stringify(method)}}`;
  const kept = labelled(rewriteObject(paramsText, LEGACY_PARAMS, []), params, label);
  return kept === '{}' && method === 'roots/list'
    ? `{"method":"roots/list"}`
    : `{"method":${JSON.stringify(method)},"params":${kept}}`;
};

/** The text of a result that asks for input. */
export const inputRequiredResult = (
  requests: readonly (readonly [key: string, requestText: string])[],
  requestState: string,
): string => {
  const members = requests.map(([key, text]) => `${JSON.stringify(key)}:${text}`);
  const asked = members.length === 0 ? '' : `"inputRequests":{${members.join(',')}},`;
  return `{"resultType":"input_required",${asked}"requestState":${JSON.stringify(requestState)}}`;
};

/** What a retry answers, by the keys of what it was asked: the JSON text of each answer that is an object. */
export const inputResponses = (call: Pick<Call, 'message'>): ReadonlyMap<string, string> => {
  const { text, members } = call.message;
  const given = memberText(text, members.params, 'inputResponses') ?? '';
  const { keys, starts, ends } = membersAt(given, 0);
  const answers = keys.map((key, at) => [key, given.slice(starts[at], ends[at])] as const);
  return new Map(answers.filter(([, answer]) => answer.startsWith('{')));
};
