/** Policies that pass more, and limits that hold less. */

import { canonicalJson } from '../../../schema/canonical-json.ts';
import type {
  BoundsLimitNode,
  ConcurrencyLimitNode,
  LimitCost,
  LimitNode,
  QuotaLimitNode,
  RateLimitNode,
} from '../../../schema/graph/limit.ts';
import type { PolicyNode, RbacPolicyNode } from '../../../schema/graph/policy.ts';
import type { TenantNode } from '../../../schema/graph/tenant.ts';
import { listed, missingFrom, type Pair, pairsOf, type Risk, type RisksOf } from './risk.ts';

const rolesThatGrow = (before: RbacPolicyNode, after: RbacPolicyNode): readonly string[] =>
  Object.keys(after.roles)
    .filter(
      (role) =>
        missingFrom((before.roles[role] ?? []).map(canonicalJson), after.roles[role]!.map(canonicalJson))
          .length > 0,
    )
    .sort();

const judgeRbac = (name: string, before: RbacPolicyNode, after: RbacPolicyNode): readonly Risk[] => {
  const risk = (text: string, step: string): Risk => ({
    id: 'permissions-widened',
    severity: 'medium',
    text,
    side: 'after',
    path: ['policies', name, step],
  });
  const roles = rolesThatGrow(before, after);
  const bindings = missingFrom(before.bindings.map(canonicalJson), after.bindings.map(canonicalJson));
  return [
    ...(roles.length === 0
      ? []
      : [
          risk(
            `${roles.length === 1 ? 'role' : 'roles'} ${listed(roles)} of \`${name}\` may do more`,
            'roles',
          ),
        ]),
    ...(bindings.length === 0 ? [] : [risk(`roles of \`${name}\` are given by other rules`, 'bindings')]),
  ];
};

const judgePolicy = ({ name, before, after }: Pair<PolicyNode>): readonly Risk[] => {
  if (before === undefined || after === undefined) return [];
  if (before.type === 'rbac' && after.type === 'rbac') return judgeRbac(name, before, after);
  if (before.type === 'cel' && after.type === 'cel') {
    if (
      before.effect === after.effect &&
      canonicalJson(before.expression) === canonicalJson(after.expression)
    )
      return [];
    const turned = before.effect === 'deny' && after.effect === 'allow';
    const text = turned
      ? `\`${name}\` denies nothing by itself any more: it is an \`allow\` now`
      : `\`${name}\` decides by another condition`;
    const path = ['policies', name, after.effect];
    return [{ id: 'policy-changed', severity: turned ? 'high' : 'medium', text, side: 'after', path }];
  }
  const text = `\`${name}\` is of type ${after.type} instead of ${before.type}`;
  return [{ id: 'policy-changed', severity: 'high', text, side: 'after', path: ['policies', name, 'type'] }];
};

const isNarrower = (before: readonly string[] | undefined, after: readonly string[] | undefined): boolean =>
  after !== undefined && (before === undefined || missingFrom(after, before).length > 0);

const isCostLowered = (before: LimitCost = {}, after: LimitCost = {}): boolean => {
  const costIn = (cost: LimitCost, method: string) => cost[method] ?? cost['*'] ?? 1;
  return ['*', ...Object.keys(before), ...Object.keys(after)].some(
    (method) => costIn(after, method) < costIn(before, method),
  );
};

const isRateRaised = (before: RateLimitNode, after: RateLimitNode): boolean =>
  after.count / after.periodMs > before.count / before.periodMs ||
  after.burst > before.burst ||
  missingFrom(before.key, after.key).length > 0 ||
  isCostLowered(before.cost, after.cost);

const isQuotaRaised = (before: QuotaLimitNode, after: QuotaLimitNode): boolean =>
  after.count / after.windowMs > before.count / before.windowMs ||
  after.count > before.count ||
  missingFrom(before.key, after.key).length > 0 ||
  isCostLowered(before.cost, after.cost);

const isConcurrencyRaised = (before: ConcurrencyLimitNode, after: ConcurrencyLimitNode): boolean =>
  after.max > before.max || missingFrom(before.key, after.key).length > 0;

const boundsOf = ({ callTimeoutMs, callMaxMs = callTimeoutMs, resultBytes }: BoundsLimitNode) =>
  [callTimeoutMs, callMaxMs, resultBytes].map((bound) => bound ?? Number.POSITIVE_INFINITY);

const isBoundRaised = (before: BoundsLimitNode, after: BoundsLimitNode): boolean => {
  const most = boundsOf(before);
  return boundsOf(after).some((bound, at) => bound > most[at]!);
};

const judgeLimit = ({ name, before, after }: Pair<LimitNode>): readonly Risk[] => {
  if (before === undefined || after === undefined) return [];
  const raised =
    (before.type === 'rate' && after.type === 'rate' && isRateRaised(before, after)) ||
    (before.type === 'quota' && after.type === 'quota' && isQuotaRaised(before, after)) ||
    (before.type === 'concurrency' && after.type === 'concurrency' && isConcurrencyRaised(before, after)) ||
    (before.type === 'bounds' && after.type === 'bounds' && isBoundRaised(before, after)) ||
    before.type !== after.type ||
    isNarrower(before.tools, after.tools);
  if (!raised) return [];
  const text = `limit \`${name}\` lets more through`;
  return [{ id: 'limit-raised', severity: 'medium', text, side: 'after', path: ['limits', name] }];
};

export const policyRisks: RisksOf = (before, after) =>
  pairsOf(before.policies, after.policies).flatMap(judgePolicy);

export const limitRisks: RisksOf = (before, after) =>
  pairsOf(before.limits, after.limits).flatMap(judgeLimit);

const judgeTenant = ({ name, before, after }: Pair<TenantNode>): readonly Risk[] => {
  if (before === undefined) return [];
  const gone = missingFrom(after?.limits ?? [], before.limits);
  if (gone.length === 0) return [];
  const text = `calls of tenant \`${name}\` are free of limit ${listed(gone)}`;
  return [
    { id: 'limit-removed', severity: 'medium', text, side: 'before', path: ['tenants', name, 'limits'] },
  ];
};

export const tenantRisks: RisksOf = (before, after) =>
  pairsOf(before.tenants ?? {}, after.tenants ?? {}).flatMap(judgeTenant);
