/** The one place where a call is admitted and decided: limits first, so that refused calls count too, then policies. */
import { answerTo } from '../../policies/answers.ts';
import type { CallFacts, Decision } from '../../schema/decision.ts';
import { answerError, type GatewayError } from '../errors.ts';
import type { Call } from './call.ts';

const ALLOW: Decision = Object.freeze({ kind: 'allow' });

/** Answers the call if a limit is exhausted. True: go on. */
export const admit = (call: Pick<Call, 'server' | 'reply'>, facts: CallFacts): boolean => {
  const { limits, metrics } = call.server;
  if (!limits.counts) return true;
  const admission = limits.admit(facts);
  call.reply.headers = admission.headers;
  if (admission.refusal === undefined) return true;
  metrics.limited(admission.limit);
  call.reply.error(admission.refusal);
  return false;
};

/** The decision of the server's policies on these facts; an undecided call is denied, a list item is not. */
export const decide = ({ server }: Pick<Call, 'server'>, facts: CallFacts): Decision => {
  const { policies } = server;
  return policies.none ? ALLOW : policies.decide(facts);
};

/** The answer to a denied call; `unknown` makes the answer to a target that does not exist. */
export const denial = (
  call: Call,
  decision: Decision,
  unknown: () => GatewayError,
): GatewayError | undefined => {
  if (decision.kind === 'allow') return undefined;
  call.server.metrics.denied(decision.policy, decision.kind === 'deny' ? decision.reason : 'error');
  call.exchange.record.policy = decision.policy;
  const answer = answerTo(decision);
  return answer === 'unknown' ? unknown() : answer && answerError(answer);
};

/** Decides a call that was admitted already, on what is known of its target by now. A refusal to answer with. */
export const judgeAgain = (
  call: Call,
  facts: () => CallFacts,
  unknown: () => GatewayError,
): GatewayError | undefined => {
  const { policies } = call.server;
  return policies.none ? undefined : denial(call, policies.decide(facts()), unknown);
};

/** Admits and decides a call whose target is known to exist. Answered already, or a refusal to answer with. */
export const judge = (
  call: Call,
  facts: () => CallFacts,
  unknown: () => GatewayError,
): 'answered' | GatewayError | undefined => {
  const { policies, limits } = call.server;
  if (policies.none && !limits.counts) return undefined;
  const known = facts();
  if (!admit(call, known)) return 'answered';
  return policies.none ? undefined : denial(call, policies.decide(known), unknown);
};
