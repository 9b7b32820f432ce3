/** What data must look like, said once per field and held to the types of the graph by the type checker. */
import type { Reference } from '../../schema/graph/graph.ts';
import type { Path } from '../source/tree.ts';

/** The first thing that is not as it must be. */
export interface Fault {
  readonly path: Path;
  /** What is due there, e.g. `a list`. */
  readonly expected: string;
}

/** Tells what of `value`, which stands at `path`, is no `T`. */
export interface Shape<T> {
  readonly faultOf: (value: unknown, path: Path) => Fault | undefined;
  /** Never there: makes a shape of some cases of `T` no shape of `T`. */
  readonly of?: (value: T) => T;
}

interface OptionalShape<T> extends Shape<T> {
  readonly isOptional: true;
}

/** A shape for each field, `optional` exactly where the type says so. */
type FieldShapes<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K>
    ? OptionalShape<Exclude<T[K], undefined>>
    : Shape<T[K]>;
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const where = <T>(expected: string, fits: (value: unknown) => boolean): Shape<T> => ({
  faultOf: (value, path) => (fits(value) ? undefined : { path, expected }),
});

const first = <V>(values: Iterable<V>, faultOf: (value: V) => Fault | undefined): Fault | undefined => {
  for (const value of values) {
    const fault = faultOf(value);
    if (fault) return fault;
  }
  return undefined;
};

/** A text that is no reference: a name, a word, a glob. */
export const literal: Shape<string> = where('a text', (value) => typeof value === 'string');

/** One of some words. */
export const oneOf = <const T extends string>(...words: readonly T[]): Shape<T> =>
  where(words.map((word) => `\`${word}\``).join(' or '), (value) => words.includes(value as T));

/** One number. */
export const exactly = <const T extends number>(number: T): Shape<T> =>
  where(String(number), (value) => value === number);

/** A word, or a whole number from 1. */
export const wordOrCount = <const T extends string>(word: T): Shape<T | number> =>
  where(
    `\`${word}\` or a whole number from 1`,
    (value) => value === word || (Number.isSafeInteger(value) && (value as number) >= 1),
  );

/** Any data. */
export const anything: Shape<unknown> = { faultOf: () => undefined };

/** A list of `item`. */
export const list = <T>(item: Shape<T>): Shape<readonly T[]> => ({
  faultOf: (value, path) =>
    Array.isArray(value)
      ? first(value.entries(), ([index, each]) => item.faultOf(each, [...path, index]))
      : { path, expected: 'a list' },
});

/** A list of two. */
export const pair = <A, B>(a: Shape<A>, b: Shape<B>): Shape<readonly [A, B]> => ({
  faultOf: (value, path) =>
    Array.isArray(value) && value.length === 2
      ? (a.faultOf(value[0], [...path, 0]) ?? b.faultOf(value[1], [...path, 1]))
      : { path, expected: 'a list of two' },
});

/** An object with any keys, those that `keys` admits. */
export const record = <T>(item: Shape<T>, keys?: RegExp): Shape<Readonly<Record<string, T>>> => ({
  faultOf: (value, path) =>
    isObject(value)
      ? first(Object.entries(value), ([key, each]) =>
          keys !== undefined && !keys.test(key)
            ? { path: [...path, key], expected: 'a name' }
            : item.faultOf(each, [...path, key]),
        )
      : { path, expected: 'an object' },
});

/** A field that may be absent. */
export const optional = <T>(shape: Shape<T>): OptionalShape<T> => ({
  faultOf: shape.faultOf,
  isOptional: true,
});

/** An object with these fields and no other. */
export const fields = <T extends object>(shapes: FieldShapes<T>): Shape<T> => {
  const all = Object.entries(shapes as Readonly<Record<string, Shape<unknown>>>);
  return {
    faultOf: (value, path) => {
      if (!isObject(value)) return { path, expected: 'an object' };
      const stranger = Object.keys(value).find((key) => !Object.hasOwn(shapes, key));
      if (stranger !== undefined) return { path: [...path, stranger], expected: 'nothing' };
      return first(all, ([key, shape]) => {
        if (Object.hasOwn(value, key)) return shape.faultOf(value[key], [...path, key]);
        return 'isOptional' in shape ? undefined : { path, expected: `an object with \`${key}\`` };
      });
    },
  };
};

/** A union told apart by `type`: the shape of each case, by its word. */
export const byType = <T extends { readonly type: string }>(
  cases: { readonly [K in T['type']]: Shape<Extract<T, { readonly type: K }>> },
): Shape<T> => {
  const words = Object.keys(cases);
  const type = oneOf(...words);
  return {
    faultOf: (value, path) => {
      if (!isObject(value)) return { path, expected: 'an object' };
      const fault = type.faultOf(value.type, [...path, 'type']);
      return fault ?? cases[value.type as T['type']].faultOf(value, path);
    },
  };
};

const REFERENCE: Shape<Reference> = fields<Reference>({
  $reference: literal,
  path: literal,
  as: oneOf('string', 'duration', 'size', 'integer', 'boolean', 'http-url'),
  minimum: optional(where<number>('a number', (value) => typeof value === 'number')),
  maximum: optional(where<number>('a number', (value) => typeof value === 'number')),
  minBytes: optional(where<number>('a number', (value) => typeof value === 'number')),
});

const orReference = <T>(
  expected: string,
  type: 'string' | 'number' | 'boolean',
  as: readonly Reference['as'][],
): Shape<T> => ({
  faultOf: (value, path) => {
    if (typeof value === type) return undefined;
    if (!isObject(value) || !Object.hasOwn(value, '$reference')) return { path, expected };
    const fault = REFERENCE.faultOf(value, path);
    if (fault) return fault;
    return as.includes(value.as as Reference['as']) ? undefined : { path: [...path, 'as'], expected };
  },
});

/** A text or a reference to one. */
export const text = orReference<string>('a text', 'string', ['string', 'http-url']);
/** A number or a reference to one. */
export const number = orReference<number>('a number', 'number', ['duration', 'size', 'integer']);
/** `true`, `false` or a reference to one of them. */
export const flag = orReference<boolean>('`true` or `false`', 'boolean', ['boolean']);
