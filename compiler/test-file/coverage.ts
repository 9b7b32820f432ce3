/** What of a configuration its tests have reached: places of servers, and every outcome of every rule. */
import type { DecisionExplanation, PolicyExplanation } from '../../policies/explanation.ts';
import { type IsWritten, ownPermissions, pathOfPermission } from '../../policies/trace/rule-path.ts';
import type { RulePath, Trace } from '../../policies/trace/trace.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { PolicyNode } from '../../schema/graph/policy.ts';

export type CoverageKind = 'route' | 'rule';

/** Something that a test may reach. */
export interface CoverageItem {
  readonly kind: CoverageKind;
  readonly path: RulePath;
  /** What is reached there. */
  readonly text: string;
  readonly reached: boolean;
}

interface Target extends Omit<CoverageItem, 'reached'> {
  readonly key: string;
}

/** Takes in traces, and tells what they have reached. */
export interface Coverage {
  add(trace: Trace): void;
  items(): readonly CoverageItem[];
}

const keyOf = (path: RulePath, outcome = ''): string => JSON.stringify([...path, outcome]);

const target = (kind: CoverageKind, path: RulePath, text: string, outcome = ''): Target => ({
  kind,
  path,
  text,
  key: keyOf(path, outcome),
});

const policyTargets = (node: PolicyNode, isWritten: IsWritten): readonly Target[] => {
  const { name } = node;
  if (node.type === 'cel') {
    const path = ['policies', name];
    return [
      target('rule', path, `policy ${name} passes`, 'pass'),
      target('rule', path, `policy ${name} denies`, 'deny'),
    ];
  }
  const bindings = node.bindings.map(({ roles }, index) =>
    target(
      'rule',
      ['policies', name, 'bindings', index],
      `binding ${index + 1} of ${name} (${roles.join(', ')}) holds`,
    ),
  );
  const permissions = Object.keys(node.roles).flatMap((role) =>
    ownPermissions(node, role, isWritten).map(({ permission, path }) => {
      const what = [permission.method, ...(permission.names ?? []), ...(permission.uris ?? [])].join(' ');
      return target('rule', path, `role ${role} of ${name} permits ${what}`);
    }),
  );
  return [...bindings, ...permissions];
};

const targetsOf = (graph: Graph, isWritten: IsWritten): readonly Target[] => [
  ...Object.values(graph.servers).flatMap(({ name, at }) =>
    at.map(({ listener, path }, index) =>
      target('route', ['servers', name, 'at', index], `server ${name} at ${listener} ${path}`),
    ),
  ),
  ...Object.values(graph.policies).flatMap((node) => policyTargets(node, isWritten)),
];

const policyKeys = (policy: PolicyExplanation, graph: Graph, isWritten: IsWritten): readonly string[] => {
  const { name, verdict } = policy;
  if (policy.type === 'cel') return [keyOf(['policies', name], verdict)];
  const node = graph.policies[name];
  return policy.bindings.flatMap(({ index, permits, decides }) => {
    if (!decides || permits === undefined || node?.type !== 'rbac') return [];
    const path = pathOfPermission(node, permits.role, permits.permission, isWritten);
    return [keyOf(['policies', name, 'bindings', index]), keyOf(path)];
  });
};

const explanationsIn = ({ steps }: Trace): readonly DecisionExplanation[] =>
  steps.flatMap((step) => {
    if (step.step === 'policies') return [step.explanation];
    return step.step === 'list' ? step.items.flatMap(({ explanation }) => explanation ?? []) : [];
  });

/** Coverage of a graph. `isWritten` tells which of a role's permissions are its own. */
export const createCoverage = (graph: Graph, isWritten: IsWritten): Coverage => {
  const targets = targetsOf(graph, isWritten);
  const reached = new Set<string>();
  return {
    add(trace) {
      for (const step of trace.steps) if (step.step === 'route') reached.add(keyOf(step.path));
      for (const { policies } of explanationsIn(trace))
        for (const policy of policies)
          for (const key of policyKeys(policy, graph, isWritten)) reached.add(key);
    },
    items: () => targets.map(({ key, ...item }) => ({ ...item, reached: reached.has(key) })),
  };
};

/** How much of it is reached, from 0 to 100; all of nothing is. */
export const percentageOf = (items: readonly CoverageItem[]): number =>
  items.length === 0 ? 100 : (items.filter(({ reached }) => reached).length / items.length) * 100;
