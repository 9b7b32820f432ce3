/**
 * The refusal of a legacy upstream until its caller has been to some URLs (-32042, MCP 2025-11-25, elicitation), as
 * a result that asks for them. The call is not open meanwhile: each retry sends it anew.
 */
import { randomBytes } from 'node:crypto';
import { GatewayError, RPC } from '../../errors.ts';
import { elementsAt, membersAt, memberText } from '../../json-members.ts';
import { isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import type { Call } from '../call.ts';
import { inputRequestText, inputRequiredResult, inputResponses, labelOf, mayAsk } from './input-request.ts';
import { sealState } from './request-state.ts';

/** How often the caller of one call is sent to URLs; clients give up soon after. */
const MAX_ROUNDS = 8;
const MAX_ELICITATIONS = 16;

const METHOD = 'elicitation/create';

export const isUrlRequired = ({ error }: UpstreamMessage): boolean =>
  isObject(error) && error.code === RPC.urlElicitationRequired;

const cannotAsk = (): GatewayError =>
  new GatewayError('not_supported', 'the upstream asked for input, which this call cannot give', {
    rpcCode: RPC.upstream,
  });

const inputRefused = (message: string): GatewayError =>
  new GatewayError('input_refused', message, { rpcCode: RPC.refused });

const elicitationTexts = (text: string): string[] => {
  const root = membersAt(text, 0);
  const error = memberText(text, root, 'error') ?? '';
  const data = memberText(error, membersAt(error, 0), 'data') ?? '';
  const list = memberText(data, membersAt(data, 0), 'elicitations') ?? '';
  return elementsAt(list, 0).map(([start, end]) => list.slice(start, end));
};

/** The result that asks for what the error in `text` wants. Throws a GatewayError where that cannot be asked. */
export const urlRequired = (call: Call, upstream: string, text: string): string => {
  const elicitations = elicitationTexts(text);
  const label = labelOf(call, upstream);
  if (elicitations.length === 0 || elicitations.length > MAX_ELICITATIONS) throw cannotAsk();
  const requests = elicitations.map((paramsText, at) => {
    const params: unknown = JSON.parse(paramsText);
    if (!isObject(params) || params.mode !== 'url' || !mayAsk(call, METHOD, params)) throw cannotAsk();
    return [`${upstream}-${at + 1}`, inputRequestText(METHOD, paramsText, params, label)] as const;
  });
  const rounds = (call.urlRounds ?? 0) + 1;
  if (rounds > MAX_ROUNDS)
    throw inputRefused(`the upstream still asks for a URL to be visited after ${MAX_ROUNDS} rounds`);
  const state = { kind: 'url', upstream, rounds, nonce: randomBytes(18).toString('base64url') } as const;
  call.server.metrics.upstreamRequest(upstream, 'ok');
  call.exchange.record.outcome = 'ok';
  return inputRequiredResult(requests, sealState(call, state, call.server.parked.bounds.idleMs));
};

/** Whether a retry says that the user will not go there. */
const isDeclined = (call: Call): boolean => {
  for (const answer of inputResponses(call).values())
    if (['decline', 'cancel'].includes(JSON.parse(answer).action)) return true;
  return false;
};

/** Why a retry of a call that wants URLs is not sent anew, if it is not. */
export const urlRetryRefusal = (call: Call): GatewayError | undefined =>
  isDeclined(call) ? inputRefused('the URL that the upstream asks for was declined') : undefined;
