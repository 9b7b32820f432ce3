/** Identities that believe more than before. */

import { canonicalJson } from '../../../schema/canonical-json.ts';
import type {
  ApiKeyEntry,
  ApiKeyIdentityNode,
  IdentityNode,
  JwtIdentityNode,
} from '../../../schema/graph/identity.ts';
import { listed, missingFrom, type Pair, pairsOf, type Risk, type RisksOf } from './risk.ts';

type Found = Pick<Risk, 'id' | 'severity' | 'text'> & { readonly at: readonly string[] };

const judgeAudience = (name: string, before: JwtIdentityNode, after: JwtIdentityNode): readonly Found[] => {
  const at = ['audience'];
  if (before.audience !== undefined && after.audience === undefined) {
    const text = `tokens of \`${name}\` need not be for ${listed(before.audience)} any more, but for the URL of the server`;
    return [{ id: 'audience-dropped', severity: 'medium', text, at }];
  }
  const added = missingFrom(before.audience ?? [], after.audience ?? []);
  if (added.length === 0) return [];
  const text = `tokens of \`${name}\` that were made for ${listed(added)} are accepted`;
  return [{ id: 'audience-widened', severity: 'high', text, at }];
};

const judgeKeys = (name: string, before: JwtIdentityNode, after: JwtIdentityNode): readonly Found[] => {
  if (canonicalJson(before.keys) === canonicalJson(after.keys)) return [];
  const at = [after.keys.type === 'local' ? 'jwksFile' : after.keys.type === 'remote' ? 'jwks' : 'issuer'];
  if (before.keys.type !== 'local' || after.keys.type !== 'local') {
    const text = `the keys of \`${name}\` come from another place`;
    return [{ id: 'keys-changed', severity: 'high', text, at }];
  }
  const added = missingFrom(
    before.keys.jwks.keys.map(canonicalJson),
    after.keys.jwks.keys.map(canonicalJson),
  );
  const text = `tokens of \`${name}\` that ${added.length === 1 ? 'another key' : `${added.length} other keys`} signed are accepted`;
  return added.length === 0 ? [] : [{ id: 'keys-changed', severity: 'medium', text, at }];
};

const judgeJwt = (name: string, before: JwtIdentityNode, after: JwtIdentityNode): readonly Found[] => {
  const found: Found[] = [...judgeAudience(name, before, after), ...judgeKeys(name, before, after)];
  if (canonicalJson(before.issuer) !== canonicalJson(after.issuer)) {
    const text = `\`${name}\` believes issuer ${listed([after.issuer])} instead of ${listed([before.issuer])}`;
    found.push({ id: 'issuer-changed', severity: 'high', text, at: ['issuer'] });
  }
  const algorithms = missingFrom(before.algorithms, after.algorithms);
  if (algorithms.length > 0) {
    const text = `\`${name}\` accepts signatures by ${listed(algorithms)}`;
    found.push({ id: 'algorithms-widened', severity: 'medium', text, at: ['algorithms'] });
  }
  if (after.clockToleranceMs > before.clockToleranceMs) {
    const text = `tokens of \`${name}\` are accepted longer after they expired`;
    found.push({ id: 'clock-tolerance-raised', severity: 'low', text, at: ['clockTolerance'] });
  }
  if (canonicalJson(before.principal) !== canonicalJson(after.principal)) {
    const text = `who a token of \`${name}\` stands for, or with which roles, is read otherwise`;
    found.push({ id: 'principal-changed', severity: 'medium', text, at: ['principal'] });
  }
  return found;
};

const isWider = (before: ApiKeyEntry, after: ApiKeyEntry): boolean =>
  missingFrom(before.servers, after.servers).length > 0 ||
  missingFrom(before.roles, after.roles).length > 0 ||
  before.tenant !== after.tenant ||
  (before.notAfterMs ?? Number.POSITIVE_INFINITY) < (after.notAfterMs ?? Number.POSITIVE_INFINITY);

const judgeApiKeys = (
  name: string,
  before: ApiKeyIdentityNode,
  after: ApiKeyIdentityNode,
): readonly Found[] => {
  const known = new Map(before.keys.map((key) => [key.id, key]));
  const wider = after.keys.filter((key) => {
    const old = known.get(key.id);
    return old === undefined || isWider(old, key);
  });
  if (wider.length === 0) return [];
  const text = `${wider.length === 1 ? 'key' : 'keys'} ${listed(wider.map(({ id }) => id))} of \`${name}\` ${wider.length === 1 ? 'is new or opens' : 'are new or open'} more`;
  return [{ id: 'api-key-widened', severity: 'medium', text, at: ['keysFile'] }];
};

const judge = ({ name, before, after }: Pair<IdentityNode>): readonly Risk[] => {
  if (before === undefined || after === undefined) return [];
  const found = (): readonly Found[] => {
    if (before.type === 'jwt' && after.type === 'jwt') return judgeJwt(name, before, after);
    if (before.type === 'api-key' && after.type === 'api-key') return judgeApiKeys(name, before, after);
    const text = `\`${name}\` knows callers by ${after.type} instead of ${before.type}`;
    return [{ id: 'keys-changed', severity: 'high', text, at: ['type'] }];
  };
  return found().map(({ at, ...risk }) => ({ ...risk, side: 'after', path: ['identity', name, ...at] }));
};

export const identityRisks: RisksOf = (before, after) =>
  pairsOf(before.identities, after.identities).flatMap(judge);
