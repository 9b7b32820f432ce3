/** Names that roles permit must be of something that is exposed. */
import { compileGlobs } from '../../../policies/glob.ts';
import type { Lock } from '../../../schema/lock/lock.ts';
import { type Configuration, placeAt } from '../../configuration.ts';
import { nearest } from '../../diagnostics/nearest.ts';
import type { Report } from '../../diagnostics/report.ts';
import type { Path } from '../../source/tree.ts';
import { exposedNames, NAMED_KINDS, type NamedKind } from './exposed-names.ts';
import type { CheckLock } from './lock.ts';

/** What `names` of a permission are names of, by its method. */
const KINDS_OF: Readonly<Record<string, readonly NamedKind[]>> = {
  'tools/call': ['tools'],
  'prompts/get': ['prompts'],
  '*': NAMED_KINDS,
};

type Exposed = ReturnType<typeof exposedNames>;

/** What servers expose, each looked up once. */
const exposedOnce = (config: Configuration, lock: Lock) => {
  const known = new Map<string, Exposed>();
  return (server: string, kind: NamedKind): Exposed => {
    const key = `${kind} ${server}`;
    const exposed = known.get(key) ?? exposedNames(config, lock, server, kind);
    known.set(key, exposed);
    return exposed;
  };
};

/** All names that a policy can meet; undefined where some server's are not known. */
const namesUnder = (
  servers: readonly string[],
  kinds: readonly NamedKind[],
  exposed: ReturnType<typeof exposedOnce>,
): readonly string[] | undefined => {
  const shares = servers.flatMap((server) => kinds.flatMap((kind) => exposed(server, kind)));
  if (shares.length === 0 || shares.includes(undefined)) return undefined;
  return shares.flatMap((share) => share!.map(({ name }) => name));
};

const checkPatterns = (
  config: Configuration,
  path: Path,
  patterns: readonly string[],
  known: readonly string[],
  report: Report,
): void => {
  for (const [item, pattern] of patterns.entries()) {
    if (known.some(compileGlobs([pattern]))) continue;
    const place = placeAt(config, ...path, item);
    const near = nearest(pattern, known);
    const fixes = near === undefined ? [] : [{ place, text: near, applicability: 'maybe' as const }];
    report('GW7013', place, { name: pattern, nearest: near }, { fixes });
  }
};

export const checkLockedRbacNames: CheckLock = (config, lock, report) => {
  const exposed = exposedOnce(config, lock);
  for (const [name, policy] of Object.entries(config.data.policies)) {
    if (policy.type !== 'rbac') continue;
    const servers = Object.keys(config.data.servers).filter((server) =>
      config.data.servers[server]!.policies?.includes(name),
    );
    for (const [role, { allow }] of Object.entries(policy.roles)) {
      for (const [index, { method, names }] of (allow ?? []).entries()) {
        const kinds = Object.hasOwn(KINDS_OF, method) ? KINDS_OF[method]! : [];
        const known = names && namesUnder(servers, kinds, exposed);
        if (known === undefined) continue;
        const path = ['policies', name, 'roles', role, 'allow', index, 'names'];
        checkPatterns(config, path, names!, known, report);
      }
    }
  }
};
