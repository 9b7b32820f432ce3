/** The one place where a call is admitted and decided: limits first, so that refused calls count too, then policies. */
import { answerTo } from '../../policies/answers.ts';
import type { CallFacts, Decision } from '../../schema/decision.ts';
import { answerError, type GatewayError } from '../errors.ts';
import { type Call, later } from './call.ts';
import type { Admission } from './limits.ts';

const ALLOW: Decision = Object.freeze({ kind: 'allow' });

type Admitted = Pick<Call, 'server' | 'reply'>;

const passes = ({ server, reply }: Admitted, admission: Admission): boolean => {
  reply.headers = admission.headers;
  if (admission.refusal === undefined) return true;
  server.metrics.limited(admission.limit);
  reply.error(admission.refusal);
  return false;
};

/** Goes on with the call at once, or when all replicas have been asked; answers it if a limit is exhausted. */
export const admit = (call: Admitted, facts: CallFacts, next: () => unknown): void => {
  const { limits } = call.server;
  const admission = limits.counts ? limits.admit(facts) : undefined;
  if (admission instanceof Promise) later(call, admission, (found) => passes(call, found) && next());
  else if (admission === undefined || passes(call, admission)) next();
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

/** Admits and decides a call whose target is known to exist, and goes on with a refusal if there is one. */
export const judge = (
  call: Call,
  facts: () => CallFacts,
  unknown: () => GatewayError,
  next: (refused: GatewayError | undefined) => unknown,
): void => {
  const { policies, limits } = call.server;
  if (policies.none && !limits.counts) {
    next(undefined);
    return;
  }
  const known = facts();
  admit(call, known, () => next(policies.none ? undefined : denial(call, policies.decide(known), unknown)));
};
