/** Upstreams that are somewhere else, or are trusted with more. */

import { canonicalJson } from '../../../schema/canonical-json.ts';
import { isReference } from '../../../schema/graph/graph.ts';
import type { StdioUpstreamNode, UpstreamNode } from '../../../schema/graph/upstream.ts';
import { addressSet, rangesText, subtract } from '../address-set.ts';
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

type Add = (id: RiskId, severity: RiskSeverity, text: string, ...path: readonly string[]) => void;

const urlsOf = (node: UpstreamNode): readonly string[] => (node.type === 'stdio' ? [] : node.endpoints);

/** The field that says where it is. */
const urlField = (node: UpstreamNode): string => {
  if (node.type === 'openapi' && node.endpoints.length === 1) return 'baseUrl';
  return node.type === 'stdio' ? 'command' : 'endpoints';
};

const originOf = (url: string): string => (isReference(url) ? canonicalJson(url) : new URL(url).origin);

const judgeUrl = (name: string, before: UpstreamNode, after: UpstreamNode, add: Add): void => {
  const [old, next] = [urlsOf(before), urlsOf(after)];
  const field = urlField(after);
  if (old.length === 0 || next.length === 0) {
    if (before.type !== after.type)
      add(
        'upstream-moved',
        'medium',
        `upstream \`${name}\` is of type ${after.type} instead of ${before.type}`,
        'type',
      );
    return;
  }
  const isClear = (url: string): boolean => !isReference(url) && url.startsWith('http:');
  if (old.every((url) => !isReference(url) && url.startsWith('https:')) && next.some(isClear))
    add('clear-text', 'high', `calls go to upstream \`${name}\` in clear text`, field);
  const known = new Set(old.map(originOf));
  if (next.some((url) => !known.has(originOf(url))))
    add(
      'upstream-moved',
      'medium',
      `calls of upstream \`${name}\`, with what it is shown, go to another place`,
      field,
    );
};

const ISOLATIONS: readonly StdioUpstreamNode['isolation'][] = ['shared', 'per-principal', 'per-session'];

const judgeProcess = (name: string, before: UpstreamNode, after: UpstreamNode, add: Add): void => {
  if (before.type !== 'stdio' || after.type !== 'stdio') return;
  if (before.command !== after.command || canonicalJson(before.args) !== canonicalJson(after.args))
    add(
      'upstream-moved',
      'medium',
      `upstream \`${name}\` is another program, or has other arguments`,
      'command',
    );
  if (ISOLATIONS.indexOf(after.isolation) < ISOLATIONS.indexOf(before.isolation)) {
    const text = `processes of upstream \`${name}\` are ${after.isolation} instead of ${before.isolation}`;
    add('isolation-weakened', 'high', text, 'isolation');
  }
};

const judgeEgress = (name: string, before: UpstreamNode, after: UpstreamNode, add: Add): void => {
  if (before.type !== 'openapi' || after.type !== 'openapi') return;
  const ranges = rangesText(subtract(addressSet(after.egress.ranges), addressSet(before.egress.ranges)));
  const wider = [...(after.egress.public && !before.egress.public ? ['public'] : []), ...ranges];
  if (wider.length > 0)
    add(
      'egress-widened',
      'high',
      `upstream \`${name}\` may be connected to at ${listed(wider)}`,
      'egress',
      'allow',
    );
};

const judgeTrust = (name: string, before: UpstreamNode, after: UpstreamNode, add: Add): void => {
  if (before.annotations === 'ignore' && after.annotations === 'honour') {
    const text = `what upstream \`${name}\` says of its tools counts in policies and retries`;
    add('annotations-honoured', 'medium', text, 'trust', 'annotations');
  }
  if (before.type === 'stdio' || after.type === 'stdio') return;
  const forwarded = missingFrom(before.headers.forward, after.headers.forward);
  if (forwarded.length > 0)
    add(
      'headers-forwarded',
      'medium',
      `upstream \`${name}\` is shown ${listed(forwarded)} of its callers`,
      'headers',
      'forward',
    );
  if (canonicalJson(before.tls) !== canonicalJson(after.tls))
    add('keys-changed', 'medium', `upstream \`${name}\` is believed by other certificates`, 'tls', 'ca');
};

const judge = ({ name, before, after }: Pair<UpstreamNode>): readonly Risk[] => {
  const risks: Risk[] = [];
  if (before === undefined || after === undefined) return risks;
  const add: Add = (id, severity, text, ...path) =>
    risks.push({ id, severity, text, side: 'after', path: ['upstreams', name, ...path] });
  for (const each of [judgeUrl, judgeProcess, judgeEgress, judgeTrust]) each(name, before, after, add);
  return risks;
};

/** What the lock lets an upstream offer is part of what is reviewed. */
const pinRisks: RisksOf = (before, after) =>
  Object.keys(before.pins ?? {}).flatMap((name): readonly Risk[] => {
    if (after.upstreams[name] === undefined) return [];
    const [old, next] = [before.pins![name]!, after.pins?.[name]];
    const path = ['upstreams', name, 'trust', 'tools'];
    if (next === undefined) {
      const text = `what upstream \`${name}\` offers is not held to gateway.lock any more`;
      return [{ id: 'pins-dropped', severity: 'high', text, side: 'after', path }];
    }
    if (canonicalJson(old) === canonicalJson(next)) return [];
    const text = `upstream \`${name}\` may offer other definitions than were approved of before`;
    return [{ id: 'pins-changed', severity: 'medium', text, side: 'after', path }];
  });

export const upstreamRisks: RisksOf = (before, after) => [
  ...pairsOf(before.upstreams, after.upstreams).flatMap(judge),
  ...pinRisks(before, after),
];
