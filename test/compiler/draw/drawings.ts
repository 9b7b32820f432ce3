/** Drawings for tests: of any shape, with names that mean to be something else. */
import fc from 'fast-check';
import { type Box, type BoxKind, COLUMNS, type Drawing, type Line } from '../../../compiler/draw/drawing.ts';

export const HOSTILE = [
  '"><script>alert(1)</script>',
  "'; DROP TABLE x; --",
  ']]>&amp;&#0;<![CDATA[',
  '"]; a -> b; subgraph x [',
  'end\nclick n0 "javascript:alert(1)"',
  '\\"\\N\\n\\',
  '#quot;#59;`$%{}|<br/>',
  '\u001b[31m\u0000\u202e\ud800',
  '端'.repeat(80),
  'W'.repeat(300),
];

const text = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 60 }));

const boxOf = (kind: BoxKind, index: number): fc.Arbitrary<Box> =>
  fc.record({
    id: text.map((name) => `${kind}:${index}${name}`),
    kind: fc.constant(kind),
    name: text,
    detail: text,
    badges: fc.array(
      fc.record({ kind: fc.constantFrom('identity' as const, 'limit' as const, 'anonymous' as const), text }),
      { maxLength: 9 },
    ),
    place: fc.option(
      text.map((file) => ({ file, line: 7, column: 1, endLine: 7, endColumn: 2, offset: 0, endOffset: 1 })),
      { nil: undefined },
    ),
    mark: fc.constantFrom(undefined, 'added' as const, 'removed' as const, 'changed' as const),
  });

/** Where lines go: from listeners to servers, from servers to policies and upstreams. */
const NEXT: Readonly<Partial<Record<BoxKind, readonly BoxKind[]>>> = {
  listener: ['server'],
  server: ['policy', 'upstream'],
};

const linesAmong = (boxes: readonly Box[]): fc.Arbitrary<readonly Line[]> => {
  const pairs = boxes.flatMap((from) =>
    boxes.filter((to) => NEXT[from.kind]?.includes(to.kind)).map((to) => [from.id, to.id] as const),
  );
  return fc.subarray(pairs).chain((chosen) =>
    fc.tuple(
      ...chosen.map(([from, to]) =>
        fc.record({
          from: fc.constant(from),
          to: fc.constant(to),
          label: fc.oneof(fc.constant(''), text),
          mark: fc.constantFrom(undefined, 'added' as const, 'removed' as const, 'changed' as const),
        }),
      ),
    ),
  );
};

/** Up to `most` boxes in each column. */
export const drawings = (most: number): fc.Arbitrary<Drawing> =>
  fc
    .tuple(...COLUMNS.map((kind) => fc.nat(most).map((count) => [kind, count] as const)))
    .chain((counts) =>
      fc.tuple(
        ...counts.flatMap(([kind, count]) => Array.from({ length: count }, (_, index) => boxOf(kind, index))),
      ),
    )
    .chain((boxes) => fc.record({ title: text, boxes: fc.constant(boxes), lines: linesAmong(boxes) }));
