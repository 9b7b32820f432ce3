/** What was recorded of a request beside what the configuration decides of it now. */
import { preparePolicies } from '../../policies/decide.ts';
import type { Trace } from '../../policies/trace/trace.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import { endedUnidentified, notRecorded, type RecordedEvent } from './event.ts';

export interface Comparison {
  readonly outcome: string;
  readonly status: number;
  /** The policy that denied; empty if none did. */
  readonly policy: string;
  /** Whether it would end so now; null where the record does not hold enough to say. */
  readonly same: boolean | null;
  /** What decides and is not in the record. */
  readonly lacks: readonly string[];
}

/** Ends of requests that rules have nothing to do with. */
const isOfTraffic = (outcome: string): boolean =>
  /^(?:rate_limited|upstream_|breaker_open|result_too_large|internal|shutting_down|aborted|cancelled)/.test(
    outcome,
  );

const isSame = ({ verdict }: Trace, { outcome, policy }: RecordedEvent): boolean | null => {
  if (verdict.kind === 'undecided') return null;
  if (verdict.kind === 'closed') return false;
  if (verdict.kind === 'refused')
    return verdict.answer.code === outcome && (policy === '' || verdict.by === policy);
  return outcome === 'ok' || outcome === 'tool_error' || isOfTraffic(outcome);
};

/** Compares the record with the trace of its request. */
export const compareWith = (event: RecordedEvent, trace: Trace, graph: Graph): Comparison => {
  const { outcome, status, policy } = event;
  const names = graph.servers[event.server]?.policies ?? [];
  const { variables } = preparePolicies(names.map((name) => graph.policies[name]!));
  const lacks = endedUnidentified(event) ? ['the credential'] : notRecorded(variables);
  const same = isSame(trace, event);
  // A decision by what is not known may be the same by chance.
  return { outcome, status, policy, same: lacks.length > 0 && same === false ? null : same, lacks };
};

const SAME: Readonly<Record<string, string>> = {
  true: 'the configuration decides it so still',
  false: 'the configuration decides it otherwise now',
  null: 'whether the configuration decides it so still hangs on what is not in the record',
};

/** Two or three lines. */
export const comparisonText = ({ outcome, status, policy, same, lacks }: Comparison): string => {
  const by = policy === '' ? '' : `, denied by ${policy}`;
  const rest = isOfTraffic(outcome)
    ? '; that is the doing of limits and upstreams, which are not asked here'
    : '';
  return [
    `recorded: HTTP ${status}, ${outcome}${by}${rest}\n`,
    `${SAME[String(same)]}\n`,
    lacks.length === 0 ? '' : `the record does not hold ${lacks.join(', ')}\n`,
  ].join('');
};
