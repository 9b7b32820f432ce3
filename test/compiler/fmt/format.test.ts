import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lexer, parse as parseYaml, stringify } from 'yaml';
import { compile } from '../../../compiler/compile.ts';
import { format } from '../../../compiler/fmt/format.ts';
import { compileFixture, FIXTURES, fixturesIn, listerOf, readerOf } from '../fixture.ts';

const formatted = (text: string): string => {
  const result = format('gateway.yaml', text);
  if (result.kind !== 'formatted') throw new Error(`${result.kind}: ${JSON.stringify(result)}\n${text}`);
  return result.text;
};

const commentsIn = (text: string): readonly string[] =>
  [...new Lexer().lex(text)]
    .filter((token) => token.startsWith('#'))
    .map((token) => token.trimEnd())
    .sort();

const EVERYTHING = readFileSync(join(FIXTURES, 'ok', 'everything', 'gateway.yaml'), 'utf8');

describe('the canonical layout', () => {
  it('is two blanks deep, blanks inside braces, double quotes, one blank line at most', () => {
    const text = [
      '# head\r\n',
      '\r\n',
      '\r\n',
      '\r\n',
      'version:   1\n',
      'listeners:\n',
      '      main:   {bind: \'127.0.0.1:8080\',http: [ h2,"http/1.1" ] , ip: {}, hosts: [ ]}  \n',
      'servers:\n',
      '   a:\n',
      '      instructions: \'it is "so"\'\n',
      '      policies:\n',
      '      -   b\n',
      '      -\n',
      '        c\n',
    ].join('');
    expect(formatted(text)).toBe(
      [
        '# head\n',
        '\n',
        'version: 1\n',
        'listeners:\n',
        '  main: { bind: "127.0.0.1:8080", http: [h2, "http/1.1"], ip: {}, hosts: [] }\n',
        'servers:\n',
        '  a:\n',
        '    instructions: \'it is "so"\'\n',
        '    policies:\n',
        '      - b\n',
        '      -\n',
        '        c\n',
      ].join(''),
    );
  });

  it('has sections in the order of a call, each with the comments above it; the head stays on top', () => {
    const text = `# yaml-language-server: $schema=x\n\n# what callers see\nservers: {}   # s\n# at the end of servers\n\n# where it comes in\nlisteners:\n  a: 1\n  # in a\nother: 1\nversion: 1\n# the end\n`;
    expect(formatted(text)).toBe(
      `# yaml-language-server: $schema=x\n\nversion: 1\n# at the end of servers\n\n# where it comes in\nlisteners:\n  a: 1\n  # in a\n# what callers see\nservers: {} # s\nother: 1\n# the end\n`.replace(
        '{} # s',
        '{}   # s',
      ),
    );
  });

  it('moves blocks of text as a whole, and lines of long texts with their key', () => {
    const text = `servers:\n    a:\n        instructions: |\n              one\n               two  \n\n              three\n        b: >-\n         folded\n         text\n        c: over\n              lines\n        d: "over\n\n          lines"\n`;
    expect(formatted(text)).toBe(
      `servers:\n  a:\n    instructions: |\n      one\n       two  \n\n      three\n    b: >-\n      folded\n      text\n    c: over\n      lines\n    d: "over\n\n      lines"\n`,
    );
  });

  it('keeps line breaks and comments inside braces, and comments in their column', () => {
    const text = `upstreams:\n  a: { b: [x, # why\n     y,\n   ] }\n  cc: 1       # aligned\n  ddddd:  2   # too\n`;
    expect(formatted(text)).toBe(
      `upstreams:\n  a: { b: [x, # why\n        y,\n      ] }\n  cc: 1       # aligned\n  ddddd: 2    # too\n`,
    );
  });

  it.each(['a: [\n', '', '# only\n', 'a: 1\na: 2\n', 'a: { b: ${env:X} }\n', '- a\n'])(
    'is not made of what is no configuration in YAML: %j',
    (text) => {
      const result = format('gateway.yaml', text);
      expect(result.kind).toBe('faulty');
      expect(result.kind === 'faulty' && result.diagnostics[0]?.span.file).toBe('gateway.yaml');
    },
  );

  it('keeps what stands around a document, and ends the last line', () => {
    expect(formatted('%YAML 1.2\n---   # b\nversion:  1\n...\n# c')).toBe(
      '%YAML 1.2\n---   # b\nversion: 1\n...\n# c\n',
    );
    expect(formatted('servers: 1\n# x\nversion: 1')).toBe('# x\nversion: 1\nservers: 1\n');
  });

  it.each(['a: |2\n    x\n', 'upstreams: |3\n   x\n'])(
    'leaves alone what it could not lay out without a change: %j',
    (text) => {
      expect(format('gateway.yaml', text).kind).toBe('kept');
    },
  );
});

describe('a file in canonical layout', () => {
  it.each(fixturesIn('ok').filter((name) => readerOf(join(FIXTURES, 'ok', name))('gateway.yaml')))(
    'of %s compiles to the same graph, has the same comments, and stays as it is',
    (name) => {
      const folder = join(FIXTURES, 'ok', name);
      const read = readerOf(folder);
      const text = read('gateway.yaml')!.toString('utf8').replace('\ufeff', '');
      const laid = formatted(text);
      expect(formatted(laid)).toBe(laid);
      expect(commentsIn(laid)).toEqual(commentsIn(text));
      const before = compileFixture('ok', name);
      if (before.compiled === undefined || read('overlay.yaml') !== undefined) return;
      const after = compile({
        main: 'gateway.yaml',
        read: (path) => (path === 'gateway.yaml' ? Buffer.from(laid) : read(path)),
        list: listerOf(folder),
      });
      if (read('gateway.artifact.json') === undefined)
        expect(after.compiled?.hash).toBe(before.compiled.hash);
    },
  );

  it('keeps meaning and comments however the file was laid out and commented before', () => {
    const data = parseYaml(EVERYTHING);
    const layout = fc.record({
      indent: fc.integer({ min: 1, max: 8 }),
      indentSeq: fc.boolean(),
      singleQuote: fc.boolean(),
      lineWidth: fc.constantFrom(0, 40, 80),
      collectionStyle: fc.constantFrom<('any' | 'block' | 'flow')[]>('any', 'block', 'flow'),
      flowCollectionPadding: fc.boolean(),
    });
    const comment = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      indent: fc.nat(12),
      blank: fc.boolean(),
    });
    fc.assert(
      fc.property(layout, fc.array(comment, { maxLength: 6 }), (options, comments) => {
        const lines = stringify(data, options).split('\n');
        for (const { at, indent, blank } of comments)
          lines.splice(
            Math.floor(at * lines.length),
            0,
            ...(blank ? [''] : []),
            `${' '.repeat(indent)}# comment ${at}`,
          );
        const text = lines.join('\n');
        const before = format('gateway.yaml', text);
        // A comment in the middle of a text over several lines, or in a block, is none or breaks it.
        fc.pre(before.kind !== 'faulty');
        const laid = formatted(text);
        expect(formatted(laid)).toBe(laid);
        expect(commentsIn(laid)).toEqual(commentsIn(text));
        expect(parseYaml(laid)).toEqual(parseYaml(text));
      }),
      { numRuns: 12 },
    );
  });
});
