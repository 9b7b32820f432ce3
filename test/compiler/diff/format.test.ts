import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CompileResult, compile } from '../../../compiler/compile.ts';
import { isEmpty, planChange } from '../../../compiler/diff/plan.ts';
import { format } from '../../../compiler/fmt/format.ts';
import { FIXTURES, fixturesIn, readerOf } from '../fixture.ts';

const NAMES = fixturesIn('ok').filter((name) => existsSync(join(FIXTURES, 'ok', name, 'gateway.yaml')));

const compileAs = (folder: string, text: string): CompileResult => {
  const read = readerOf(folder);
  return compile({
    main: 'gateway.yaml',
    read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : read(path)),
  });
};

const side = (label: string, { compiled, placeOf, lock }: CompileResult) => ({
  label,
  compiled: compiled!,
  placeOf,
  lock,
});

describe('the plan of a file and its canonical layout', () => {
  it('is empty for every configuration that compiles', () => {
    let planned = 0;
    for (const name of NAMES) {
      const folder = join(FIXTURES, 'ok', name);
      const text = readFileSync(join(folder, 'gateway.yaml'), 'utf8');
      const before = compileAs(folder, text);
      const formatted = format('gateway.yaml', text);
      if (before.compiled === undefined || formatted.kind !== 'formatted') continue;
      const after = compileAs(folder, formatted.text);
      const plan = planChange(side('before', before), side('after', after), { largeRemoval: 0.3 });
      expect([name, isEmpty(plan), plan.risks, plan.further]).toEqual([name, true, [], []]);
      planned += 1;
    }
    expect(planned).toBeGreaterThan(60);
  });
});
