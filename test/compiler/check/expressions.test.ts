import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { applyFixes } from '../../../compiler/diagnostics/apply-fixes.ts';
import { compileFixture, expectGolden, FIXTURES, fixturesIn, readerOf, renderFixture } from '../fixture.ts';

describe.each(fixturesIn('cel'))('faults of an expression that is written %s', (name) => {
  it('are shown in the line and the column that they have in the file', () => {
    expectGolden(join(FIXTURES, 'cel', name, 'expected.txt'), renderFixture('cel', name));
  });

  it('are at the same places where lines end as on Windows', () => {
    const text = readFileSync(join(FIXTURES, 'cel', name, 'gateway.yaml'), 'utf8').replaceAll('\n', '\r\n');
    const read = (path: string) =>
      path === 'gateway.yaml' ? Buffer.from(text) : readerOf(join(FIXTURES, 'cel', name))(path);
    const { diagnostics } = compile({ main: 'gateway.yaml', read });
    const placesOf = (found: typeof diagnostics) =>
      found.map(({ code, span }) => [code, span.line, span.column, span.endLine, span.endColumn]);
    expect(placesOf(diagnostics)).toEqual(placesOf(compileFixture('cel', name).diagnostics));
  });
});

describe('guesses at what was meant', () => {
  const mended = (name: string): string => {
    let text = readFileSync(join(FIXTURES, 'cel', name, 'gateway.yaml'), 'utf8');
    for (;;) {
      const read = (path: string) => (path === 'gateway.yaml' ? Buffer.from(text) : undefined);
      const { diagnostics } = compile({ main: 'gateway.yaml', read });
      if (diagnostics.length === 0) return text;
      const { text: next, applied } = applyFixes('gateway.yaml', text, diagnostics, 'maybe');
      expect(applied).toBeGreaterThan(0);
      text = next;
    }
  };

  it.each([
    ['plain', "    deny: tool.name.startsWith('x') && tool.name == '1' # a remark\n"],
    ['single-quoted', "    deny: 'tool.name == ''😀'' && ''admin'' in principal.roles'\n"],
    ['double-quoted', `'\\t\\u00e4\\U0001F600' && !(\\"admin\\" in principal.roles)"\n`],
    [
      'literal-block',
      `role == '1')\n        || tool.name.contains('日本')\n\n      || tool.name.startsWith('x')\n`,
    ],
    [
      'folded-block',
      "principal.assurance >= 2 &&\n      now.getHours('UTC') >= 9 &&\n\n        request.headers['x-team'] == 'core'\n",
    ],
    ['plain-over-lines', "      && tool.name == '1'\n\n      && 'admin' in principal.roles\n"],
    ['words-for-operators', "    allow: principal.assurance > 1 && tool.name == 'x'\n"],
  ])('are written as the text around them is: %s', (name, expected) => {
    expect(mended(name)).toContain(expected);
  });
});
