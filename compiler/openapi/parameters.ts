/** Parameters of an operation: arguments of its tool, and where they go in the request. */
import type { OpenApiParameterNode, ParameterStyle } from '../../schema/graph/upstream.ts';
import { entriesOf, isJsonObject, type JsonObject, memberOf, textOf } from './document.ts';
import type { Located, References } from './reference.ts';
import type { Schemas } from './schemas.ts';

type Place = OpenApiParameterNode['in'];

const PLACES: readonly Place[] = ['path', 'query', 'header', 'cookie'];

const STYLES: Readonly<Record<Place, readonly ParameterStyle[]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
};

/** A parameter as it is declared, references followed. */
interface Declared {
  readonly name: string;
  readonly in: Place;
  readonly found: Located<JsonObject>;
}

/** One argument of a tool. */
export interface Argument {
  readonly node: OpenApiParameterNode;
  readonly schema: unknown;
  readonly required: boolean;
}

/** Whether a parameter is no caller's business: the gateway sends it itself, or nobody does. */
export type IsKept = (place: Place, name: string) => boolean;

const declaredIn = (owner: Located<JsonObject>, references: References): readonly Declared[] => {
  const list = memberOf(owner.value, 'parameters');
  return (Array.isArray(list) ? list : []).flatMap((value: unknown, at) => {
    const found = references.follow({ value, path: [...owner.path, 'parameters', String(at)] });
    const name = textOf(found?.value, 'name');
    const place = PLACES.find((each) => each === memberOf(found?.value, 'in'));
    return found && name !== undefined && place !== undefined ? [{ name, in: place, found }] : [];
  });
};

/** Those of the path, overridden by those of the operation (OpenAPI 3.1, Operation Object). */
export const declaredParameters = (
  pathItem: Located<JsonObject>,
  operation: Located<JsonObject>,
  references: References,
): readonly Declared[] => {
  const own = declaredIn(operation, references);
  const isOverridden = ({ name, in: place }: Declared) =>
    own.some((other) => other.name === name && other.in === place);
  const all = [...declaredIn(pathItem, references).filter((each) => !isOverridden(each)), ...own];
  return PLACES.flatMap((place) => all.filter((each) => each.in === place));
};

const styleOf = ({ in: place, found }: Declared): { style: ParameterStyle; explode: boolean } => {
  if (memberOf(found.value, 'schema') === undefined && memberOf(found.value, 'content') !== undefined)
    return { style: 'json', explode: false };
  const known = STYLES[place];
  const style = known.find((each) => each === found.value.style) ?? known[0]!;
  const explode = found.value.explode;
  return { style, explode: typeof explode === 'boolean' ? explode : style === 'form' };
};

const schemaIn = ({ found: { value, path } }: Declared): Located => {
  const [mediaType, content] = entriesOf(memberOf(value, 'content'))[0] ?? [];
  return memberOf(value, 'schema') === undefined && mediaType !== undefined
    ? { value: memberOf(content, 'schema') ?? {}, path: [...path, 'content', mediaType, 'schema'] }
    : { value: value.schema ?? {}, path: [...path, 'schema'] };
};

/** What the parameter says of itself goes before what its schema says. */
const described = (schema: unknown, parameter: JsonObject): unknown => {
  if (!isJsonObject(schema)) return schema === false ? schema : described({}, parameter);
  const description = textOf(parameter, 'description');
  return {
    ...schema,
    ...(description === undefined ? {} : { description }),
    ...(parameter.deprecated === true ? { deprecated: true } : {}),
    ...(parameter.example === undefined || schema.examples !== undefined
      ? {}
      : { examples: [parameter.example] }),
  };
};

/** A name that no argument has yet: the parameter's own, or with the place that it goes to. */
const argumentName = (name: string, place: string, taken: ReadonlySet<string>): string => {
  let chosen = name;
  for (let at = 1; taken.has(chosen); at += 1)
    chosen = at === 1 ? `${name}_${place}` : `${name}_${place}_${at}`;
  return chosen;
};

/** The arguments of a tool, in the order path, query, header, cookie. */
export const argumentsOf = (
  declared: readonly Declared[],
  schemas: Schemas,
  isKept: IsKept,
): readonly Argument[] => {
  const taken = new Set<string>();
  return declared
    .filter(({ in: place, name }) => !isKept(place, name))
    .map((each) => {
      const argument = argumentName(each.name, each.in, taken);
      taken.add(argument);
      return {
        node: { argument, name: each.name, in: each.in, ...styleOf(each) },
        schema: described(schemas.schema(schemaIn(each), 'request'), each.found.value),
        required: each.in === 'path' || each.found.value.required === true,
      };
    });
};

/** A name for the body's argument. */
export const bodyArgument = (used: readonly Argument[]): string =>
  argumentName('body', 'request', new Set(used.map(({ node }) => node.argument)));
