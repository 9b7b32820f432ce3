import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { applyFixes } from '../../compiler/diagnostics/apply-fixes.ts';
import { compileFixture, expectGolden, FIXTURES, fixturesIn, readerOf, renderFixture } from './fixture.ts';

const NAMES = fixturesIn('realistic');

const isOfSyntax = ({ code }: { readonly code: string }) => code.startsWith('GW0');

it('there are forty files with mistakes that people make, and more', () => {
  expect(NAMES.length).toBeGreaterThanOrEqual(40);
});

describe.each(NAMES)('the file with mistakes that people make, %s,', (name) => {
  const folder = join(FIXTURES, 'realistic', name);

  it('gets the findings that a careful reviewer would list, and no other', () => {
    expectGolden(join(folder, 'expected.txt'), renderFixture('realistic', name));
  });

  it('is not compiled, and no two of its findings are about the same words', () => {
    const { compiled, diagnostics } = compileFixture('realistic', name);
    expect(compiled).toBeUndefined();
    const places = diagnostics
      .filter(({ code }) => !code.startsWith('GW4') && code !== 'GW1002')
      .map(({ span }) => `${span.offset}-${span.endOffset}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it('is YAML still once every fix is applied, if it was before', () => {
    const text = readFileSync(join(folder, 'gateway.yaml'), 'utf8');
    const { diagnostics } = compileFixture('realistic', name);
    const mended = applyFixes('gateway.yaml', text, diagnostics, 'maybe');
    const read = readerOf(folder);
    const after = compile({
      main: 'gateway.yaml',
      read: (path) => (path === 'gateway.yaml' ? Buffer.from(mended.text) : read(path)),
    });
    const before = diagnostics.filter(isOfSyntax);
    expect(after.diagnostics.filter(isOfSyntax).length).toBeLessThanOrEqual(before.length);
    if (mended.applied > 0) expect(after.diagnostics).not.toEqual(diagnostics);
  });
});

it('every one of them says what it expects', () => {
  for (const name of NAMES) expect(existsSync(join(FIXTURES, 'realistic', name, 'expected.txt'))).toBe(true);
});

describe.each(fixturesIn('mixed'))('the file with several mistakes, %s,', (name) => {
  it('gets all of them told at once', () => {
    expectGolden(join(FIXTURES, 'mixed', name, 'expected.txt'), renderFixture('mixed', name));
  });
});

it('there are a hundred and fifty files that fail and sixty that pass, and more', () => {
  const failing = ['err', 'realistic', 'mixed'].flatMap(fixturesIn);
  expect(failing.length).toBeGreaterThanOrEqual(150);
  expect(fixturesIn('ok').length).toBeGreaterThanOrEqual(60);
});
