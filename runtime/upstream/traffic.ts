/** The traffic of one upstream. */
import type { RetryNode, TimeoutsNode } from '../../schema/graph/upstream.ts';
import type { Breakers } from '../traffic/breakers.ts';
import type { RetryBudget } from '../traffic/retry-budget.ts';
import type { Bulkhead } from './bulkhead.ts';
import type { UpstreamContext } from './context.ts';
import type { Message } from './message.ts';

/** What all calls of one upstream share. */
export interface Traffic {
  readonly upstream: string;
  readonly timeouts: TimeoutsNode;
  /** Absent: attempts do not tell how long they may take. */
  readonly deadlineHeader: string | undefined;
  /** Silent for so long before a caller gave up, the upstream has failed. */
  readonly givenUpAfterMs: number;
  readonly retry: RetryNode | undefined;
  readonly budget: RetryBudget | undefined;
  readonly breakers: Breakers | undefined;
  /** Whether an answer counts as a failure of the upstream. Absent: none does. */
  readonly fails: ((answer: Message) => boolean) | undefined;
  readonly bulkhead: Bulkhead | undefined;
  readonly context: UpstreamContext;
  inFlight: number;
}
