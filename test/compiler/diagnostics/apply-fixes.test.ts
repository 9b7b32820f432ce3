import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { applyFixes } from '../../../compiler/diagnostics/apply-fixes.ts';
import { compileFixture, FIXTURES, fixturesIn, readerOf } from '../fixture.ts';

const diagnose = (text: string) =>
  compile({ main: 'gateway.yaml', read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : undefined) })
    .diagnostics;

const mend = (text: string): string => {
  const fixed = applyFixes('gateway.yaml', text, diagnose(text), 'maybe');
  return fixed.applied === 0 ? fixed.text : mend(fixed.text);
};

const FIXABLE = fixturesIn('err').filter((name) => {
  const { diagnostics } = compileFixture('err', name);
  return (
    diagnostics.length > 0 &&
    diagnostics.every(({ fixes, span }) => fixes.length > 0 && span.file === 'gateway.yaml')
  );
});

describe('fixes', () => {
  it('exist for a good part of the findings', () => {
    expect(FIXABLE.length).toBeGreaterThan(15);
  });

  it.each(FIXABLE)('mend %s until it has the finding no more', (name) => {
    const read = readerOf(`${FIXTURES}/err/${name}`);
    const mended = mend(read('gateway.yaml')!.toString('utf8'));
    expect(diagnose(mended).map(({ code }) => code)).not.toContain(name.slice(0, 6));
  });

  it('change nothing but their place', () => {
    const text = '# a comment\r\nnmae:   x   # another\r\n';
    expect(mend(text)).toBe('# a comment\r\nname:   x   # another\r\n');
  });

  it('that overlap are applied one at a time', () => {
    const span = (offset: number, endOffset: number) => ({
      file: 'f',
      line: 1,
      column: 1,
      endLine: 1,
      endColumn: 1,
      offset,
      endOffset,
    });
    const finding = (offset: number, endOffset: number, text: string) => ({
      ...diagnose('nmae: x')[0]!,
      fixes: [{ span: span(offset, endOffset), text, applicability: 'always' as const }],
    });
    const { text, applied } = applyFixes(
      'f',
      'abcdef',
      [finding(1, 4, 'X'), finding(3, 5, 'Y'), finding(5, 6, 'Z')],
      'always',
    );
    expect([text, applied]).toEqual(['aXeZ', 2]);
  });
});
