/** A JSON Web Key Set in a file (RFC 7517): public signing keys, nothing else. */
import { createPublicKey } from 'node:crypto';
import type { Report } from '../diagnostics/report.ts';
import { readJson } from '../source/read-json.ts';
import { readYaml } from '../source/read-yaml.ts';
import type { SourceFile } from '../source/source-file.ts';
import { plainData, type SourceMap, type SourceValue } from '../source/tree.ts';
import type { JwkSet } from './inputs.ts';

type Jwk = Readonly<Record<string, unknown>>;

/** Members of private and shared keys (RFC 7518, section 6; RFC 9964 for `priv`). */
const SECRET_MEMBERS = ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv'];

/** Members that are kept: those that checking a signature needs. */
const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'pub', 'kid', 'alg', 'use', 'key_ops'];

const MIN_RSA_BITS = 2048;

const problemOf = (jwk: Jwk): string | undefined => {
  if (typeof jwk.kty !== 'string') return 'it has no `kty`';
  if (jwk.use !== undefined && jwk.use !== 'sig') return 'its `use` is not `sig`';
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const bits = asymmetricKeyDetails?.modulusLength;
    return bits !== undefined && bits < MIN_RSA_BITS
      ? `it has ${bits} bits, fewer than ${MIN_RSA_BITS}`
      : undefined;
  } catch {
    return 'it is no public key that can be used';
  }
};

const checkKey = (item: SourceValue, index: number, report: Report): Jwk | undefined => {
  const first = { ...item.place, end: item.place.start + 1 };
  if (item.kind !== 'map') {
    report('GW3059', first, { index, problem: 'it is not an object' });
    return undefined;
  }
  const secret = SECRET_MEMBERS.map((member) => item.entries.get(member)).find(
    (entry) => entry !== undefined,
  );
  if (secret) {
    report('GW3058', secret.keyPlace, { member: secret.key });
    return undefined;
  }
  const members = Object.entries(plainData(item) as Jwk);
  const jwk = Object.fromEntries(members.filter(([member]) => PUBLIC_MEMBERS.includes(member)));
  const problem = problemOf(jwk);
  if (problem) report('GW3059', item.entries.get('kty')?.value.place ?? first, { index, problem });
  return problem ? undefined : jwk;
};

const checkKeyIds = (items: readonly SourceValue[], report: Report): void => {
  const seen = new Map<unknown, SourceValue>();
  for (const item of items) {
    const kid = item.kind === 'map' ? item.entries.get('kid')?.value : undefined;
    if (kid?.kind !== 'scalar') continue;
    const before = seen.get(kid.value);
    if (before) {
      const labels = [{ place: before.place, text: 'first used here' }];
      report('GW3055', kid.place, { id: String(kid.value) }, { labels });
    } else seen.set(kid.value, kid);
  }
};

const keysOf = (tree: SourceMap): readonly SourceValue[] => {
  const list = tree.entries.get('keys')?.value;
  return list?.kind === 'list' ? list.items : [];
};

/** The key set of a file; undefined, with findings, if it cannot be trusted. */
export const readJwksFile = (file: SourceFile, report: Report): JwkSet | undefined => {
  if (file.text.trim() !== '' && readJson(file, report) === undefined) return undefined;
  const tree = readYaml(file, report);
  if (!tree) return undefined;
  const items = keysOf(tree);
  if (items.length === 0) {
    report('GW3057', { ...tree.place, end: tree.place.start + 1 }, {});
    return undefined;
  }
  checkKeyIds(items, report);
  const keys = items.map((item, index) => checkKey(item, index, report));
  return { keys: keys.filter((key) => key !== undefined) };
};
