import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { compileFixture, expectGolden, FIXTURES } from './fixture.ts';

const FOLDER = join(FIXTURES, 'north-star');
const text = readFileSync(join(FOLDER, 'gateway.yaml'), 'utf8');

/** Sections of the language that are not built yet. */
const OPEN_SECTIONS = ['audit', 'guards', 'keys', 'plugins', 'secrets', 'signing'];

describe('the file that uses every section of the language', () => {
  const { diagnostics } = compileFixture('.', 'north-star');

  it('is YAML without a fault', () => {
    const document = parseDocument(text, { version: '1.2', strict: true, uniqueKeys: true });
    expect(document.errors).toEqual([]);
    expect(document.warnings).toEqual([]);
    expect(diagnostics.filter(({ code }) => /^GW0(?!001)/.test(code))).toEqual([]);
  });

  it('has no section that is unknown, but for those not built yet', () => {
    const unknown = diagnostics
      .filter(({ code, span }) => code === 'GW1001' && span.column === 1)
      .map(({ message }) => /`([^`]+)`/.exec(message)?.[1]);
    expect(unknown.sort()).toEqual(OPEN_SECTIONS);
  });

  it('gets exactly the findings that are known', () => {
    const lines = diagnostics.map(
      ({ code, severity, span, message }) => `${span.line}:${span.column} ${severity} ${code} ${message}\n`,
    );
    expectGolden(join(FOLDER, 'expected.txt'), lines.join(''));
  });
});
