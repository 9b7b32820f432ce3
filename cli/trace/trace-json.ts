/** A trace as JSON. The form is versioned by whoever prints it. */

import type { PolicyExplanation } from '../../policies/explanation.ts';
import { pathOfPermission } from '../../policies/trace/rule-path.ts';
import type { Trace, TraceStep } from '../../policies/trace/trace.ts';
import { nearestPlace, type PlaceOf } from './places.ts';
import type { LineContext } from './step-lines.ts';
import { clientSees } from './verdict-words.ts';

interface JsonOptions {
  readonly context: LineContext;
  readonly placeOf: PlaceOf;
}

const place = ({ placeOf }: JsonOptions, path: readonly (string | number)[]) => {
  const span = nearestPlace(placeOf, path);
  return span && { file: span.file, line: span.line, column: span.column };
};

const policyJson = (policy: PolicyExplanation, options: JsonOptions): object => {
  const at = place(options, ['policies', policy.name]);
  if (policy.type === 'cel') return { ...policy, place: at };
  const node = options.context.graph.policies[policy.name];
  const bindings = policy.bindings.map((binding) => {
    const own = place(options, ['policies', policy.name, 'bindings', binding.index]);
    if (binding.permits === undefined || node?.type !== 'rbac') return { ...binding, place: own };
    const { role, permission } = binding.permits;
    const path = pathOfPermission(node, role, permission, options.context.isWritten);
    return { ...binding, permits: { ...binding.permits, place: place(options, path) }, place: own };
  });
  return { ...policy, bindings, place: at };
};

const stepJson = (step: TraceStep, options: JsonOptions): object => {
  if (step.step !== 'policies') return { ...step, place: place(options, step.path) };
  const { explanation, passes } = step;
  const policies = explanation.policies.map((policy) => policyJson(policy, options));
  return {
    step: 'policies',
    passes,
    decision: explanation.decision,
    policies,
    notAsked: explanation.notAsked,
  };
};

/** Steps and verdict, with the place of each rule and what the client sees. */
export const traceJson = (
  { steps, verdict }: Trace,
  options: JsonOptions,
): { readonly steps: readonly object[]; readonly verdict: object } => ({
  steps: steps.map((step) => stepJson(step, options)),
  verdict: { ...verdict, client: clientSees(verdict) ?? null },
});
