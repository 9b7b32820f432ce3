/** Random expressions of each type, and calls of a tool whose arguments they name. */
import fc from 'fast-check';

/** The input schema of the tool that the calls are of. */
export const SCHEMA = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    count: { type: 'integer' },
    ratio: { type: 'number' },
    force: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    sizes: { type: 'array', items: { type: 'integer' } },
    where: {
      type: 'object',
      properties: { column: { type: 'string' }, limit: { type: 'number' } },
      required: ['column', 'limit'],
    },
  },
  required: ['path', 'count', 'ratio', 'force', 'tags', 'sizes', 'where'],
};

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('', 'a', '/etc/passwd', '😀'),
);
const wholes = fc.maxSafeInteger();
const numbers = fc.oneof(wholes, fc.double({ noNaN: true, noDefaultInfinity: true }));

/** Arguments that fit the schema. */
export const callArguments = fc.record({
  path: texts,
  count: wholes,
  ratio: numbers,
  force: fc.boolean(),
  tags: fc.array(texts, { maxLength: 4 }),
  sizes: fc.array(wholes, { maxLength: 4 }),
  where: fc.record({ column: texts, limit: numbers }),
});

export type Sort = 'bool' | 'int' | 'double' | 'number' | 'string' | 'strings' | 'ints' | 'time' | 'span';

type Expressions = Record<Sort, string>;

/** `%` stands for a part of the sort that follows it, in brackets. */
const SHAPES: Readonly<Record<Sort, readonly string[]>> = {
  bool: [
    'true',
    'args.force',
    'tool.annotations.readOnlyHint',
    '%(bool) && %(bool)',
    '%(bool) || %(bool)',
    '!%(bool)',
    '%(bool) ? %(bool) : %(bool)',
    '%(int) < %(number)',
    '%(double) >= %(int)',
    '%(number) == %(double)',
    '%(string) == %(string)',
    '%(string) < %(string)',
    '%(string).startsWith(%(string))',
    '%(string).contains(%(string))',
    "%(string).matches('^a+$')",
    '%(string) in %(strings)',
    '%(int) in %(ints)',
    '%(strings).all(s, s == %(string) || s.size() > %(int))',
    '%(ints).exists(i, i < %(number))',
    '%(ints).exists_one(i, i == %(int))',
    '%(strings) == %(strings)',
    '%(time) < %(time)',
    '%(span) == %(span)',
    'has(args.where.limit)',
    "'path' in args",
    'type(%(int)) == int',
  ],
  int: [
    '7',
    '-1',
    'args.count',
    'principal.assurance',
    '%(int) + %(int)',
    '%(int) * %(int)',
    '%(int) / %(int)',
    '%(int) % %(int)',
    '-%(int)',
    'size(%(string))',
    '%(strings).size()',
    'int(%(number))',
    'int(%(double))',
    '%(string).indexOf(%(string))',
    "%(time).getHours('Europe/Berlin')",
    '%(span).getMinutes()',
    '%(bool) ? %(int) : %(int)',
    '%(ints)[0]',
  ],
  double: [
    '1.5',
    'double(%(int))',
    'double(%(number))',
    '%(double) + %(double)',
    '%(double) / %(double)',
    '-%(double)',
  ],
  number: ['args.ratio', 'args.where.limit', "args['ratio']", '%(bool) ? %(number) : args.ratio'],
  string: [
    "'a'",
    '"😀"',
    'args.path',
    'args.where.column',
    'tool.name',
    'principal.id',
    '%(string) + %(string)',
    'string(%(int))',
    'string(%(number))',
    'string(%(bool))',
    '%(string).lowerAscii()',
    '%(string).trim()',
    "%(string).replace('a', %(string))",
    '%(strings)[0]',
    "%(strings).join('-')",
    '%(bool) ? %(string) : %(string)',
  ],
  strings: [
    'args.tags',
    'principal.roles',
    '[%(string)]',
    '%(strings) + %(strings)',
    "%(string).split('/')",
    '%(strings).filter(s, s != %(string))',
    '%(ints).map(i, string(i))',
    '%(ints).map(i, i > 0, %(string))',
    '[] + %(strings)',
  ],
  ints: ['args.sizes', '[%(int), %(int)]', '%(strings).map(s, size(s))', '%(ints).filter(i, i > %(int))'],
  time: ['now', "timestamp('2026-11-20T09:00:00Z')", '%(time) + %(span)', '%(time) - %(span)'],
  span: ["duration('90m')", '%(time) - %(time)', '%(span) + %(span)'],
};

const filled = (shape: string, tie: (sort: Sort) => fc.Arbitrary<string>): fc.Arbitrary<string> => {
  const sorts = [...shape.matchAll(/%\((\w+)\)/g)].map(([, sort]) => sort as Sort);
  return fc.tuple(...sorts.map(tie)).map((parts) => {
    let at = 0;
    return `(${shape.replace(/%\(\w+\)/g, () => parts[at++]!)})`;
  });
};

/** Expressions that are well typed, by what they yield. */
export const typedExpressions = fc.letrec<Expressions>(
  (tie) =>
    Object.fromEntries(
      Object.entries(SHAPES).map(([sort, shapes]) => {
        const [leaves, others] = [
          shapes.filter((shape) => !shape.includes('%(')),
          shapes.filter((shape) => shape.includes('%(')),
        ];
        return [
          sort,
          fc.oneof(
            { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
            fc.constantFrom(...leaves.map((leaf) => `(${leaf})`)),
            ...others.map((shape) => filled(shape, tie)),
          ),
        ];
      }),
    ) as { [K in Sort]: fc.Arbitrary<string> },
);

const SORTS = Object.keys(SHAPES) as Sort[];

/** Conditions in one part of which a value of any sort stands, right or wrong. */
export const mixedExpressions: fc.Arbitrary<string> = fc
  .constantFrom(...SHAPES.bool.filter((shape) => shape.includes('%(')))
  .chain((shape) =>
    filled(shape, (sort) =>
      fc.oneof(
        typedExpressions[sort],
        fc.constantFrom(...SORTS).chain((other) => typedExpressions[other]),
      ),
    ),
  );
