/** Servers that more callers reach, or that show more. */
import { compileGlobs } from '../../../policies/glob.ts';
import { compileUriGlobs } from '../../../policies/uri-glob.ts';
import type { ExposeNode, Features, ServerNode } from '../../../schema/graph/server.ts';
import type { Path } from '../../source/tree.ts';
import {
  listed,
  missingFrom,
  type Pair,
  pairsOf,
  type Risk,
  type RiskId,
  type RiskSeverity,
  type RisksOf,
} from './risk.ts';

type Add = (id: RiskId, severity: RiskSeverity, text: string, path: Path, side?: Risk['side']) => void;

const judgeCallers = (name: string, before: ServerNode, after: ServerNode, add: Add): void => {
  if (after.anonymous && !before.anonymous)
    add('anonymous-on', 'high', `anybody may call server \`${name}\``, ['anonymous']);
  const gone = missingFrom(after.identities, before.identities);
  if (gone.length > 0) {
    const severity = after.identities.length === 0 ? 'high' : 'medium';
    const text = `server \`${name}\` knows nobody by ${listed(gone)} any more`;
    add('identity-removed', severity, text, ['identity'], 'before');
  }
  const admitted = before.anonymous ? [] : missingFrom(before.identities, after.identities);
  if (admitted.length > 0)
    add('identity-admitted', 'medium', `server \`${name}\` admits callers of ${listed(admitted)}`, [
      'identity',
    ]);
  const scopes = missingFrom(after.scopes, before.scopes);
  if (scopes.length > 0)
    add(
      'scopes-removed',
      'high',
      `tokens for server \`${name}\` need no scope ${listed(scopes)}`,
      ['oauth', 'scopes'],
      'before',
    );
};

const judgePolicies = (name: string, before: ServerNode, after: ServerNode, add: Add): void => {
  const gone = missingFrom(after.policies, before.policies);
  if (gone.length > 0)
    add(
      'policy-removed',
      'high',
      `calls of server \`${name}\` need not pass ${listed(gone)}`,
      ['policies'],
      'before',
    );
  const [old, next] = [before, after].map(({ policies }, index) =>
    policies.filter((policy) => [after, before][index]!.policies.includes(policy)),
  ) as [string[], string[]];
  if (old.join() !== next.join()) {
    const text = `policies of server \`${name}\` are asked in another order: ${listed(next)}`;
    add('policy-order-changed', 'low', text, ['policies']);
  }
  const limits = missingFrom(after.limits, before.limits);
  if (limits.length > 0)
    add(
      'limit-removed',
      'medium',
      `calls of server \`${name}\` are free of limit ${listed(limits)}`,
      ['limits'],
      'before',
    );
};

const widerPatterns = (before: ExposeNode, after: ExposeNode): readonly string[] =>
  (['tools', 'prompts', 'resources'] as const).flatMap((kind) => {
    const compileAll = kind === 'resources' ? compileUriGlobs : compileGlobs;
    // A pattern is covered where an older one matches its text: a star of one matches that of the other.
    const covers = compileAll(before[kind].allow);
    return after[kind].allow.filter((pattern) => !covers(pattern)).map((pattern) => `${kind}: ${pattern}`);
  });

const judgeExposure = (name: string, before: ServerNode, after: ServerNode, add: Add): void => {
  for (const [index, expose] of after.expose.entries()) {
    const old = before.expose.find(({ upstream }) => upstream === expose.upstream);
    const path = ['expose', index];
    if (old === undefined) {
      add('exposure-widened', 'medium', `server \`${name}\` shows upstream \`${expose.upstream}\``, path);
      continue;
    }
    const wider = widerPatterns(old, expose);
    if (wider.length > 0)
      add(
        'exposure-widened',
        'medium',
        `server \`${name}\` shows more of \`${expose.upstream}\`: ${listed(wider)}`,
        path,
      );
  }
  const features = (Object.keys(after.features) as (keyof Features)[]).filter(
    (feature) => after.features[feature] && !before.features[feature],
  );
  if (features.length > 0)
    add('feature-enabled', 'low', `server \`${name}\` has ${listed(features)}`, ['features']);
};

const judge = ({ name, before, after }: Pair<ServerNode>): readonly Risk[] => {
  const risks: Risk[] = [];
  if (after === undefined) return risks;
  const add: Add = (id, severity, text, path, side = 'after') =>
    risks.push({ id, severity, text, side, path: ['servers', name, ...path] });
  if (before === undefined) {
    if (after.anonymous)
      add('anonymous-on', 'high', `anybody may call new server \`${name}\``, ['anonymous']);
    return risks;
  }
  for (const each of [judgeCallers, judgePolicies, judgeExposure]) each(name, before, after, add);
  return risks;
};

export const serverRisks: RisksOf = (before, after) => pairsOf(before.servers, after.servers).flatMap(judge);
