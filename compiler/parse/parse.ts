/** Tree to configuration: shape, then texts. */
import type { NamedSection } from '../../schema/config/value.ts';
import type { Configuration, GatewayData } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Place } from '../source/source-file.ts';
import type { SourceMap } from '../source/tree.ts';
import { bindData } from './bind-data.ts';
import { foreignConfiguration } from './foreign-configuration.ts';
import { misplacedNames } from './misplaced.ts';
import { GATEWAY_SCHEMA } from './schema.ts';
import { checkShape, type Form } from './shape.ts';
import { validateGateway } from './shape-validator.generated.js';

const SECTIONS: readonly NamedSection[] = [
  'listeners',
  'identity',
  'servers',
  'upstreams',
  'policies',
  'limits',
];

const GATEWAY: Form = { schema: GATEWAY_SCHEMA, validate: validateGateway };

/** Names of a section; also of entries that stand elsewhere by mistake, which was reported. */
const namesIn = (root: SourceMap, section: NamedSection): ReadonlyMap<string, Place> => {
  const value = root.entries.get(section)?.value;
  const entries = value?.kind === 'map' ? [...value.entries.values()] : [];
  return new Map([
    ...entries.map(({ key, keyPlace }) => [key, keyPlace] as const),
    ...misplacedNames(root, section),
  ]);
};

/** The configuration of a file, with whatever of it is sound; undefined if it is another program's. */
export const parse = (root: SourceMap, report: Report): Configuration | undefined => {
  const foreign = foreignConfiguration(root);
  if (foreign) {
    report('GW1014', foreign.place, { what: foreign.what, help: foreign.help });
    return undefined;
  }
  const { tree, faults } = checkShape(root, GATEWAY, report);
  const { data, scalars } = bindData(tree, GATEWAY_SCHEMA, faults, report);
  const names = Object.fromEntries(SECTIONS.map((section) => [section, namesIn(tree, section)]));
  const empty = Object.fromEntries(SECTIONS.map((section) => [section, {}]));
  return {
    data: { ...empty, ...data } as unknown as GatewayData,
    tree,
    scalars,
    faults,
    names: names as Configuration['names'],
  };
};
