/** Whether what came of a request is what a test expects. */
import type { ListStep, Trace, TraceStep } from '../../policies/trace/trace.ts';
import type { Expectation } from './suite.ts';

/** What was expected, and what came instead. */
export interface Failure {
  readonly expected: string;
  readonly found: string;
}

const outcomeText = ({ verdict }: Trace): string => {
  switch (verdict.kind) {
    case 'allowed':
      return 'it is allowed';
    case 'undecided':
      return `${verdict.by} cannot decide it`;
    case 'closed':
      return `the connection is closed by ${verdict.by}`;
    case 'refused': {
      const { answer, by, because } = verdict;
      return `it is refused by ${by}${because === undefined ? '' : ` (${because})`}: HTTP ${answer.status}, ${answer.code}`;
    }
  }
};

const stepOf = <S extends TraceStep['step']>(
  { steps }: Trace,
  kind: S,
): Extract<TraceStep, { step: S }> | undefined =>
  steps.find((step): step is Extract<TraceStep, { step: S }> => step.step === kind);

/** Everything that a refusal may be called by. */
const namesOf = ({ verdict }: Trace): readonly string[] => {
  if (verdict.kind === 'allowed' || verdict.kind === 'undecided') return [];
  if (verdict.kind === 'closed') return ['address', 'address_refused'];
  const { by, because, answer } = verdict;
  const step = answer.code === 'unauthenticated' || answer.code === 'forbidden' ? ['identity'] : [];
  return [by, ...step, ...(because === undefined ? [] : [because]), answer.code, answer.message];
};

const visible = (step: ListStep | undefined): readonly string[] =>
  (step?.items ?? [])
    .filter(({ decision }) => decision.kind !== 'deny')
    .map(({ name }) => name)
    .sort();

const quoted = (names: readonly string[]): string => (names.length === 0 ? 'nothing' : names.join(', '));

const listFailures = (trace: Trace, key: string, expected: readonly string[]): readonly Failure[] => {
  if (trace.verdict.kind !== 'allowed')
    return [{ expected: `the list of ${key}`, found: outcomeText(trace) }];
  const found = visible(stepOf(trace, 'list'));
  const missing = expected.filter((name) => !found.includes(name));
  const more = found.filter((name) => !expected.includes(name));
  if (missing.length + more.length === 0) return [];
  const said = [
    missing.length === 0 ? '' : `it lacks ${quoted(missing)}`,
    more.length === 0 ? '' : `it also holds ${quoted(more)}`,
  ].filter((part) => part !== '');
  return [{ expected: `${key} ${quoted([...expected].sort())}`, found: said.join(', and ') }];
};

const passedBy = (trace: Trace): readonly string[] => {
  if (trace.verdict.kind === 'refused') return [trace.verdict.by];
  return (stepOf(trace, 'policies')?.explanation.policies ?? []).map(({ name }) => name);
};

const statusOf = ({ verdict }: Trace): number | undefined => {
  if (verdict.kind === 'refused') return verdict.answer.status;
  return verdict.kind === 'allowed' ? 200 : undefined;
};

const codeOf = ({ verdict }: Trace): string | undefined =>
  verdict.kind === 'refused' ? verdict.answer.code : undefined;

const LISTS = ['tools', 'prompts', 'resources', 'templates'] as const;

/** What of the expectation does not hold; empty if all does. */
export const judge = (trace: Trace, expect: Expectation): readonly Failure[] => {
  const found = outcomeText(trace);
  const isAllowed = trace.verdict.kind === 'allowed';
  const { allow, deny, status, code, by, upstream } = expect;
  const failures: Failure[] = [];
  if (allow !== undefined && allow !== isAllowed)
    failures.push({ expected: allow ? 'it to be allowed' : 'it to be refused', found });
  if (deny !== undefined && !namesOf(trace).includes(deny))
    failures.push({ expected: `it to be denied by ${deny}`, found });
  if (status !== undefined && statusOf(trace) !== status)
    failures.push({ expected: `HTTP ${status}`, found });
  if (code !== undefined && codeOf(trace) !== code) failures.push({ expected: `the error ${code}`, found });
  if (by !== undefined && !passedBy(trace).includes(by))
    failures.push({ expected: `it to be decided by ${by}`, found });
  if (upstream !== undefined && stepOf(trace, 'upstream')?.name !== upstream)
    failures.push({
      expected: `it to go to ${upstream}`,
      found: isAllowed ? `it goes to ${stepOf(trace, 'upstream')?.name}` : found,
    });
  for (const key of LISTS) {
    const names = expect[key];
    if (names !== undefined) failures.push(...listFailures(trace, key, names));
  }
  return failures;
};
