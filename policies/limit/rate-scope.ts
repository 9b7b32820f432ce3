/** Which calls a rate limit counts, and under which key. */
import type { CallFacts } from '../../schema/decision.ts';
import type { RateLimitNode } from '../../schema/graph/limit.ts';
import { compileGlobs } from '../glob.ts';
import { prepareKey } from './key.ts';

export interface RateScope {
  applies(facts: CallFacts): boolean;
  /** The count that the call goes to. */
  key(facts: CallFacts): string;
}

/** @throws Error for a key that the compiler's checker would have refused. */
export const prepareRateScope = ({ tools, key }: RateLimitNode): RateScope => {
  const matches = tools === undefined ? undefined : compileGlobs(tools);
  return {
    applies: ({ call }) => matches === undefined || (call.method === 'tools/call' && matches(call.name)),
    key: prepareKey(key),
  };
};
