/** The keys of an `api-key` identity, from its own file. */
import type { KeysFile } from '../../schema/config/keys-file.ts';
import type { ApiKeyEntry } from '../../schema/graph/identity.ts';
import type { Configuration } from '../configuration.ts';
import { meantFix } from '../diagnostics/meant-fix.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Report } from '../diagnostics/report.ts';
import { given } from '../lower/measure.ts';
import { bindData } from '../parse/bind-data.ts';
import { instantMs } from '../parse/format/date-time.ts';
import { KEYS_SCHEMA } from '../parse/schema.ts';
import { checkShape } from '../parse/shape.ts';
import { validateKeys } from '../parse/shape-validator.generated.js';
import { readYaml } from '../source/read-yaml.ts';
import type { Place, SourceFile } from '../source/source-file.ts';
import type { SourceMap } from '../source/tree.ts';

/** Ids of all entries as written; two entries with one id would make each answer for the other. */
const checkIds = (tree: SourceMap, report: Report): void => {
  const list = tree.entries.get('keys')?.value;
  const first = new Map<string, Place>();
  for (const item of list?.kind === 'list' ? list.items : []) {
    const id = item.kind === 'map' ? item.entries.get('id')?.value : undefined;
    if (id?.kind !== 'scalar' || typeof id.value !== 'string') continue;
    const before = first.get(id.value);
    if (before === undefined) first.set(id.value, id.place);
    else {
      const labels = [{ place: before, text: 'first used here' }];
      report('GW3055', id.place, { id: id.value }, { labels });
    }
  }
};

const checkServers = (
  config: Configuration,
  identity: string,
  scalars: ReturnType<typeof bindData>['scalars'],
  report: Report,
): void => {
  const known = [...config.names.servers.keys()];
  for (const { scalar, schema } of scalars) {
    if (schema['x-name-of'] !== 'servers') continue;
    const name = String(scalar.value);
    const server = config.data.servers[name];
    if (!known.includes(name)) {
      const near = nearest(name, known);
      const defined = near === undefined ? undefined : config.names.servers.get(near);
      report(
        'GW2006',
        scalar.place,
        { name, nearest: near, known },
        {
          labels: defined ? [{ place: defined, text: 'similar name defined here' }] : [],
          fixes: meantFix(scalar.place, name, near, known),
        },
      );
    } else if (server && !(server.identity ?? []).includes(identity)) {
      report('GW3056', scalar.place, { server: name, identity });
    }
  }
};

const lowerKey = (key: KeysFile['keys'][number]): ApiKeyEntry => ({
  id: key.id,
  hash: key.hash.toLowerCase(),
  servers: [...new Set(key.servers)].sort(),
  roles: [...new Set(key.roles)].sort(),
  tenant: key.tenant ?? '',
  ...given('notAfterMs', key.notAfter === undefined ? undefined : instantMs(key.notAfter)),
});

/** The sound keys of a file, sorted by id. */
export const readKeysFile = (
  file: SourceFile,
  config: Configuration,
  identity: string,
  report: Report,
): readonly ApiKeyEntry[] => {
  const root = readYaml(file, report);
  if (!root) return [];
  const { tree, faults } = checkShape(root, { schema: KEYS_SCHEMA, validate: validateKeys }, report);
  const { data, scalars } = bindData(tree, KEYS_SCHEMA, faults, report);
  checkIds(tree, report);
  checkServers(config, identity, scalars, report);
  const { keys = [] } = data as Partial<KeysFile>;
  return keys.map(lowerKey).sort((a, b) => (a.id < b.id ? -1 : 1));
};
