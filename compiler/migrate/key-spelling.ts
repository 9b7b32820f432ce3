/** Keys and types in another spelling: `call_timeout`, `keys-file`, `Type: API_KEY`. Names that users chose stay. */
import {
  branchWord,
  chooseSchema,
  dereference,
  GATEWAY_SCHEMA,
  propertySchema,
  type Schema,
} from '../parse/schema.ts';
import type { SourceMap, SourceValue } from '../source/tree.ts';
import { type Codemod, type Edit, lettersOf } from './codemod.ts';

/** The schema that a map's keys are spelt by, the only branch that has the key where none is chosen. */
const keysIn = (schema: Schema, map: SourceMap): readonly string[] => {
  const own = dereference(schema);
  const chosen = chooseSchema(schema, map);
  if (chosen) return Object.keys(chosen.properties ?? {});
  return own.oneOf ? ['type'] : [];
};

const misspelt = (key: string, known: readonly string[]): string | undefined =>
  known.includes(key) ? undefined : known.find((each) => lettersOf(each) === lettersOf(key));

const respellType = (map: SourceMap, schema: Schema): readonly Edit[] => {
  const words = (dereference(schema).oneOf ?? []).map(branchWord);
  const type = map.entries.get('type')?.value;
  if (type?.kind !== 'scalar' || typeof type.value !== 'string') return [];
  const word = misspelt(type.value, words);
  return word === undefined ? [] : [{ place: type.place, text: word }];
};

const respellMap = (map: SourceMap, schema: Schema): readonly Edit[] => {
  const known = keysIn(schema, map);
  const taken = new Set(map.entries.keys());
  const chosen = chooseSchema(schema, map);
  const inside = [...map.entries.values()].flatMap(({ key, keyPlace, value }) => {
    const property = chosen && propertySchema(chosen, key);
    if (property) return respell(value, property);
    const name = misspelt(key, known);
    if (name === undefined || taken.has(name)) return [];
    taken.add(name);
    return [{ place: keyPlace, text: name }];
  });
  return [...respellType(map, schema), ...inside];
};

const respell = (value: SourceValue, schema: Schema): readonly Edit[] => {
  if (value.kind === 'map') return respellMap(value, schema);
  const items = value.kind === 'list' ? chooseSchema(schema, value)?.items : undefined;
  return value.kind === 'list' && items ? value.items.flatMap((item) => respell(item, items)) : [];
};

export const respellKeys: Codemod = (root) => respell(root, GATEWAY_SCHEMA);
