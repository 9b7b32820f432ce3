/** What a policy said, in words, with the values that made it say so. */
import type { BindingExplanation, PolicyExplanation } from '../../policies/explanation.ts';
import type { Verdict } from '../../policies/prepared-policy.ts';
import { pathOfPermission } from '../../policies/trace/rule-path.ts';
import type { RulePath } from '../../policies/trace/trace.ts';
import type { RbacPermission } from '../../schema/graph/policy.ts';
import type { Line, LineContext } from './step-lines.ts';
import { conditionLines } from './words.ts';

const SAID: Readonly<Record<Verdict, string>> = {
  pass: 'passes',
  deny: 'denies',
  error: 'cannot be evaluated, and so denies',
  undecided: 'cannot decide without what is not known',
};

const permissionText = ({ method, names, uris }: RbacPermission): string =>
  [method, ...(names ?? []), ...(uris ?? [])].join(' ');

const bindingHead = (
  { index, roles, permits, condition, decides }: BindingExplanation,
  path: RulePath,
): Omit<Line, 'depth'> => {
  const head = `binding ${index + 1} of ${roles.join(', ')}`;
  if (permits === undefined) return { mark: 'not', text: `${head}: permits no such call`, path };
  const permitted = `${permits.role} permits ${permissionText(permits.permission)}`;
  const holds = decides
    ? 'and its condition holds'
    : condition?.truth === false
      ? 'but its condition does not hold'
      : 'but its condition has no value';
  return {
    mark: decides ? 'ok' : 'not',
    text: `${head}: ${permitted}, ${holds}`,
    path,
  };
};

const details = (lines: readonly string[], depth: number, path?: RulePath): readonly Line[] =>
  lines.map((text, index) => ({
    mark: undefined,
    depth,
    text,
    ...(index === 0 && path !== undefined ? { path } : {}),
  }));

/** The lines of a policy, its own first. */
export const policyLines = (
  policy: PolicyExplanation,
  { graph, isWritten }: LineContext,
  depth: number,
): readonly Line[] => {
  const { name, verdict } = policy;
  const isRefusal = verdict === 'deny' || verdict === 'error';
  const because =
    policy.type === 'cel' && isRefusal && policy.because !== undefined ? `: ${policy.because}` : '';
  const head: Line = {
    mark: isRefusal ? 'no' : verdict === 'pass' ? 'ok' : 'not',
    depth,
    text: `policy ${name} ${SAID[verdict]}${because}`,
    path: ['policies', name],
  };
  if (policy.type === 'cel') {
    const [first = '', ...parts] = conditionLines(policy.condition);
    const path = ['policies', name, policy.effect];
    return [head, ...details([`${policy.effect}: ${first}`, ...parts], depth + 1, path)];
  }
  const node = graph.policies[name];
  return [
    head,
    ...policy.bindings.flatMap((binding) => {
      const { permits, condition, index } = binding;
      const at =
        permits === undefined || node?.type !== 'rbac'
          ? ['policies', name, 'bindings', index, 'roles']
          : pathOfPermission(node, permits.role, permits.permission, isWritten);
      const when = ['policies', name, 'bindings', index, 'when'];
      return [
        { ...bindingHead(binding, at), depth: depth + 1 },
        ...(condition === undefined ? [] : details(conditionLines(condition), depth + 2, when)),
      ];
    }),
  ];
};
