/** Findings with texts that try to break out of a format. */
import fc from 'fast-check';
import type { Diagnostic, Span } from '../../../schema/diagnostic.ts';

export const HOSTILE_TEXTS = [
  'plain',
  'a "quoted" \'name\' & <tag attr="x">',
  ']]> <![CDATA[ x ]]>',
  '<!-- -- -->&#0;&amp;',
  'two\nlines\r\nand\rthree',
  '100%25 %0A %3A, a:b::c',
  '::error file=x::owned\n::stop-commands::x',
  '##[add-mask]x ##[error]y',
  '{0} {{1}} [link](https://example.com) \\[x](1)',
  'tab\there \u0000\u0001\u001b[31mred\u007f\u0085\u2028\u2029',
  '\ud800 lone, \udc00 too, \ufffe\uffff',
  'Grüße 日本語 🎉 \u202egnp.exe',
  ' leading and trailing ',
  '',
] as const;

const textArbitrary = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom('%', ':', ',', '\n', '\r', '<', '>', '&', '"', "'", ']', '{', '0', '}'),
  }),
);

const fileArbitrary = textArbitrary.map((text) => `conf/${text.replaceAll('\u0000', '')}.yaml`);

const spanArbitrary = (file: string): fc.Arbitrary<Span> =>
  fc.tuple(fc.nat(50), fc.nat(50), fc.nat(2), fc.nat(20)).map(([line, column, lines, width]) => ({
    file,
    line: line + 1,
    column: column + 1,
    endLine: line + 1 + lines,
    endColumn: column + 1 + width,
    offset: line * 100 + column,
    endOffset: (line + lines) * 100 + column + width,
  }));

/** Any finding that the record allows. */
export const findingArbitrary: fc.Arbitrary<Diagnostic> = fileArbitrary.chain((file) =>
  fc.record({
    code: fc.constantFrom<Diagnostic['code'][]>('GW0001', 'GW1001', 'GW2003', 'GW4001', 'GW2009'),
    severity: fc.constantFrom<Diagnostic['severity'][]>('error', 'warning'),
    message: textArbitrary,
    span: spanArbitrary(file),
    labels: fc.array(fc.record({ span: spanArbitrary(file), text: textArbitrary }), { maxLength: 2 }),
    notes: fc.array(textArbitrary, { maxLength: 2 }),
    help: fc.array(textArbitrary, { maxLength: 2 }),
    fixes: fc.array(
      fc.record({
        span: spanArbitrary(file),
        text: textArbitrary,
        applicability: fc.constantFrom<('always' | 'maybe')[]>('always', 'maybe'),
      }),
      { maxLength: 2 },
    ),
  }),
);

export const findingsArbitrary = fc.array(findingArbitrary, { maxLength: 5 });
