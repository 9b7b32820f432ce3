/** The codes whose level `lints` may change, for editors: the catalogue knows them, the schema of the compiler does not. */
import { CATALOGUE } from '../../compiler/diagnostics/catalogue.ts';
import { type Entry, isAdjustable } from '../../compiler/diagnostics/entry.ts';
import type { SchemaObject } from './publish.ts';

/** The schema of gateway.yaml with each of these codes as a key of `lints`. */
export const withLints = (gateway: SchemaObject): SchemaObject => {
  const { lints, ...others } = gateway.properties as Readonly<Record<string, SchemaObject>>;
  const { patternProperties, ...rest } = lints!;
  const [level] = Object.values(patternProperties as Readonly<Record<string, SchemaObject>>);
  const codes = Object.entries(CATALOGUE as Readonly<Record<string, Entry<never>>>)
    .filter(([, entry]) => isAdjustable(entry))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { title }]) => [code, { ...level, description: `${title}.` }]);
  return { ...gateway, properties: { ...others, lints: { ...rest, properties: Object.fromEntries(codes) } } };
};
