/** The paths of all fields of the configuration. */
import { type ConfigSchema, entryOf } from './field.ts';

/** The schemas that a value's members may have, with the step that leads to each. */
const steps = (schema: ConfigSchema): readonly (readonly [step: string, schema: ConfigSchema])[] => {
  const entry = entryOf(schema);
  return [
    ...Object.entries(schema.properties ?? {}),
    ...(entry === undefined ? [] : ([['*', entry]] as const)),
    ...[schema.items, ...(schema.anyOf ?? [])].filter((inner) => inner !== undefined).flatMap(steps),
  ];
};

/** `listeners.*.tls.key` and such; `*` is a name that the user chooses, lists add no step. */
export const fieldPaths = (schema: ConfigSchema, prefix = ''): ReadonlySet<string> =>
  new Set(
    steps(schema).flatMap(([step, inner]) => [`${prefix}${step}`, ...fieldPaths(inner, `${prefix}${step}.`)]),
  );
