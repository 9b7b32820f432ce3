/** Schemas of a document as JSON Schema 2020-12, each whole: what it refers to comes along in `$defs`. */

import { closureOf, type Part, refsOf } from './closure.ts';
import { translate } from './dialect.ts';
import { isJsonObject, type JsonObject, memberOf, type SpecPath } from './document.ts';
import { ANNOTATIONS, mapSubschemas } from './keywords.ts';
import type { Located, References } from './reference.ts';

/** What a schema describes: a request has no read-only properties, a response no write-only ones. */
export type Direction = 'request' | 'response';

type Schema = Record<string, unknown>;

/** A schema whose references are paths of the document, joined by this. */
const SEPARATOR = '\n';

/** A name for `$defs` from the end of a path. */
const baseName = (key: string): string =>
  (key.slice(key.lastIndexOf(SEPARATOR) + 1).replaceAll(/[^A-Za-z0-9_.-]+/g, '_') || 'schema').slice(0, 64);

/** A name of its own for each. */
const namesOf = (keys: readonly string[]): ReadonlyMap<string, string> => {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const key of keys) {
    const base = baseName(key);
    let name = base;
    for (let at = 2; taken.has(name); at += 1) name = `${base}_${at}`;
    taken.add(name);
    names.set(key, name);
  }
  return names;
};

export class Schemas {
  readonly #references: References;
  /** Each schema that is referred to is translated once for each direction, however many operations use it. */
  readonly #parts = new Map<string, Part>();

  constructor(references: References) {
    this.#references = references;
  }

  /** The schema at `found`, with references that `assembled` resolves. */
  schema(found: Located, direction: Direction): unknown {
    return this.#translate(found, direction);
  }

  /**
   * A schema whose parts came from `schema`, made whole. What is referred to once stands where it is used; what is
   * referred to more often, and what refers to itself, is in `$defs`. What lies too deep, or would make it too large,
   * says nothing: it is left to the API.
   */
  assembled(
    root: JsonObject,
    direction: Direction,
  ): { readonly schema: JsonObject; readonly isWhole: boolean } {
    const { parts, shared, isWhole } = closureOf(refsOf(root), (key) => this.#part(key, direction));
    const names = namesOf(shared);
    const resolve = (schema: unknown): unknown => {
      if (!isJsonObject(schema)) return schema;
      const { $ref, ...beside } = mapSubschemas(schema, resolve);
      if (typeof $ref !== 'string') return beside;
      const name = names.get($ref);
      return name === undefined
        ? merged(resolve(parts.get($ref)?.schema ?? {}), beside)
        : { $ref: `#/$defs/${name}`, ...beside };
    };
    const defs = [...names].map(([key, name]) => [name, resolve(parts.get(key)!.schema)] as const);
    const schema = resolve(root) as JsonObject;
    return { schema: defs.length === 0 ? schema : { ...schema, $defs: Object.fromEntries(defs) }, isWhole };
  }

  #part(key: string, direction: Direction): Part {
    const cached = `${direction}${SEPARATOR}${key}`;
    const known = this.#parts.get(cached);
    if (known !== undefined) return known;
    const path = key === '' ? [] : key.split(SEPARATOR);
    const value = path.reduce<unknown>(
      (at, step) => (Array.isArray(at) ? at[Number(step)] : memberOf(at, step)),
      this.#references.document.root,
    );
    const schema = this.#translate({ value, path }, direction);
    const part = { schema, refs: refsOf(schema), characters: JSON.stringify(schema).length };
    this.#parts.set(cached, part);
    return part;
  }

  #translate({ value, path }: Located, direction: Direction): unknown {
    if (typeof value === 'boolean') return value;
    if (!isJsonObject(value)) return {};
    const { document } = this.#references;
    const own = translate(value, document.version, (keyword, problem) =>
      this.#ignored(path, keyword, problem),
    );
    if (own.$ref !== undefined) {
      const target = this.#references.target(own.$ref, path);
      if (target === undefined) delete own.$ref;
      else own.$ref = target.path.join(SEPARATOR);
    }
    dropHidden(own, (child) => this.#isHidden(child, direction));
    return mapSubschemas(own, (child, steps) =>
      this.#translate({ value: child, path: this.#pathWithin(value, path, steps) }, direction),
    );
  }

  /** `nullable` puts what was written one level deeper. */
  #pathWithin(written: JsonObject, path: SpecPath, steps: readonly string[]): SpecPath {
    return memberOf(written, steps[0]!) === undefined ? path : [...path, ...steps];
  }

  #isHidden(child: unknown, direction: Direction): boolean {
    return memberOf(child, direction === 'request' ? 'readOnly' : 'writeOnly') === true;
  }

  #ignored(path: SpecPath, keyword: string, problem: string): void {
    const at = [...path, keyword];
    this.#references.once(at, (report) =>
      report('GW3079', this.#references.document.placeOf(at), { keyword, problem }),
    );
  }
}

const dropHidden = (schema: Schema, isHidden: (child: unknown) => boolean): void => {
  const { properties, required } = schema;
  if (!isJsonObject(properties)) return;
  const hidden = new Set(Object.keys(properties).filter((name) => isHidden(properties[name])));
  if (hidden.size === 0) return;
  schema.properties = Object.fromEntries(Object.entries(properties).filter(([name]) => !hidden.has(name)));
  if (!Array.isArray(required)) return;
  schema.required = required.filter((name) => !hidden.has(name));
};

/** A schema in place of the only reference to it. */
const merged = (target: unknown, beside: Schema): unknown => {
  if (Object.keys(beside).length === 0) return target;
  if (isJsonObject(target) && Object.keys(beside).every((key) => ANNOTATIONS.has(key)))
    return { ...target, ...beside };
  return { allOf: [target], ...beside };
};
