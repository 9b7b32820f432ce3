/** Names in permissions and limits that no server concerned exposes: most often the prefix was forgotten. */
import { type Configuration, type GatewayData, placeAt } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Path } from '../source/tree.ts';
import type { Check } from './check.ts';
import { meet } from './glob-relations.ts';

type ServerData = GatewayData['servers'][string];
type Kind = 'tools' | 'prompts';

/** What names a server can expose, as globs. */
interface Exposed {
  readonly globs: readonly string[];
  readonly prefixes: readonly string[];
}

const exposedBy = ({ expose, features }: ServerData, kind: Kind): readonly string[] =>
  features![kind]
    ? expose.flatMap(({ prefix, [kind]: selection }) => {
        if (selection === false) return [];
        const allowed = (selection?.allow ?? ['*']).map((glob) => `${prefix}${glob}`);
        return [...allowed, ...Object.values(selection?.rename ?? {})];
      })
    : [];

const exposedIn = (servers: readonly ServerData[], kinds: readonly Kind[]): Exposed => ({
  globs: [...new Set(servers.flatMap((server) => kinds.flatMap((kind) => exposedBy(server, kind))))],
  prefixes: [...new Set(servers.flatMap(({ expose }) => expose.map(({ prefix }) => prefix!)))],
});

const checkName = (
  config: Configuration,
  { globs, prefixes }: Exposed,
  name: string,
  path: Path,
  report: Report,
): void => {
  if (globs.some((glob) => meet(glob, name))) return;
  const prefix = prefixes.find((each) => each !== '' && globs.some((glob) => meet(glob, `${each}${name}`)));
  const meant = prefix === undefined ? undefined : `${prefix}${name}`;
  const place = placeAt(config, ...path);
  const fixes =
    meant === undefined ? [] : [{ place, text: JSON.stringify(meant), applicability: 'maybe' as const }];
  const owner = path[0] === 'limits' ? 'limit' : 'policy';
  report('GW2036', place, { name, owner: `${owner} \`${path[1]}\``, meant }, { fixes });
};

/** By method, what its `names` are names of; those of other methods are not known. */
const KINDS: Readonly<Record<string, readonly Kind[]>> = {
  'tools/call': ['tools'],
  'prompts/get': ['prompts'],
  '*': ['tools', 'prompts'],
};

const serversWith = (
  config: Configuration,
  section: 'policies' | 'limits',
  name: string,
): readonly ServerData[] =>
  Object.values(config.data.servers).filter((server) => server[section]!.includes(name));

const checkPolicies: Check = (config, report) => {
  for (const [policy, data] of Object.entries(config.data.policies)) {
    const servers = data.type === 'rbac' ? serversWith(config, 'policies', policy) : [];
    if (data.type !== 'rbac' || servers.length === 0) continue;
    const exposed = new Map(
      Object.entries(KINDS).map(([method, kinds]) => [method, exposedIn(servers, kinds)]),
    );
    for (const [role, { allow }] of Object.entries(data.roles)) {
      for (const [index, { method, names }] of (allow ?? []).entries()) {
        const known = exposed.get(method);
        if (!known) continue;
        for (const [item, name] of (names ?? []).entries()) {
          const path = ['policies', policy, 'roles', role, 'allow', index, 'names', item];
          checkName(config, known, name, path, report);
        }
      }
    }
  }
};

const checkLimits: Check = (config, report) => {
  for (const [limit, { tools }] of Object.entries(config.data.limits)) {
    const servers = tools === undefined ? [] : serversWith(config, 'limits', limit);
    if (servers.length === 0) continue;
    const exposed = exposedIn(servers, ['tools']);
    for (const [item, name] of tools!.entries()) {
      checkName(config, exposed, name, ['limits', limit, 'tools', item], report);
    }
  }
};

export const checkUnmatchedNames: Check = (config, report) => {
  checkPolicies(config, report);
  checkLimits(config, report);
};
