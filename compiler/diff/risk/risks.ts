/** All that a reviewer should look at twice. */

import { canonicalJson } from '../../../schema/canonical-json.ts';
import type { Graph } from '../../../schema/graph/graph.ts';
import { percentageText } from '../../../schema/unit.ts';
import { identityRisks } from './identity.ts';
import { listenerRisks } from './listener.ts';
import { missingFrom, RISK_SEVERITIES, type Risk, type RiskOptions, type RisksOf } from './risk.ts';
import { limitRisks, policyRisks, tenantRisks } from './rules.ts';
import { serverRisks } from './server.ts';
import { upstreamRisks } from './upstream.ts';

const sectionRisks: RisksOf = (before, after) => {
  const risks: Risk[] = [];
  const old = before.sealing.keys.map(canonicalJson);
  if (old.length > 0 && missingFrom(after.sealing.keys.map(canonicalJson), old).length === old.length) {
    const text = 'every sealing key is replaced: cursors, parked calls and tasks that clients hold are lost';
    risks.push({ id: 'seals-replaced', severity: 'high', text, side: 'after', path: ['sealing', 'keys'] });
  }
  if (before.profile === 'production' && after.profile === 'development') {
    const text = 'posture findings that were errors are warnings';
    risks.push({ id: 'profile-relaxed', severity: 'medium', text, side: 'after', path: ['profile'] });
  }
  const logs = ({ telemetry: { log } }: Graph): boolean => log.access && log.level !== 'silent';
  if (logs(before) && !logs(after)) {
    const text = 'requests are not logged any more';
    risks.push({ id: 'access-log-off', severity: 'low', text, side: 'after', path: ['telemetry', 'log'] });
  }
  return risks;
};

const SECTIONS = ['servers', 'upstreams'] as const;

const largeRemovals = (before: Graph, after: Graph, { largeRemoval }: RiskOptions): readonly Risk[] =>
  SECTIONS.flatMap((section): readonly Risk[] => {
    const names = Object.keys(before[section]);
    const gone = missingFrom(Object.keys(after[section]), names);
    if (names.length === 0 || gone.length / names.length <= largeRemoval) return [];
    const share = percentageText(Math.round((gone.length / names.length) * 100) / 100);
    const text = `${gone.length} of ${names.length} ${section} are gone (${share})`;
    return [{ id: 'large-removal', severity: 'high', text, side: 'before', path: [section] }];
  });

/** The gravest first, otherwise in the order of a call. */
export const risksOf = (before: Graph, after: Graph, options: RiskOptions): readonly Risk[] => {
  const risks = [
    listenerRisks,
    identityRisks,
    serverRisks,
    upstreamRisks,
    policyRisks,
    limitRisks,
    tenantRisks,
    sectionRisks,
  ].flatMap((of) => of(before, after));
  const all = [...risks, ...largeRemovals(before, after, options)];
  return RISK_SEVERITIES.flatMap((severity) => all.filter((risk) => risk.severity === severity));
};
