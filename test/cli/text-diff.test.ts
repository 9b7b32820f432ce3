import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textDiff } from '../../cli/text-diff.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatewright-diff-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What git makes of `before` with the patch. */
const patched = (before: string, patch: string): string => {
  const file = join(folder, 'f.yaml');
  writeFileSync(file, before);
  execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: folder, input: patch });
  return readFileSync(file, 'utf8');
};

const linesArbitrary = fc
  .array(fc.constantFrom('a', 'b', 'c: 1', '  d', '', '- x', '+ y', '@@'), { minLength: 1, maxLength: 30 })
  .map((lines) => lines.join('\n'));

describe('the change of a text', () => {
  it('shows changed lines with three around them', () => {
    const before = 'a\nb\nc\nd\ne\nf\ng\nh\n';
    expect(textDiff('f.yaml', before, before.replace('e', 'E'))).toBe(
      '--- a/f.yaml\n+++ b/f.yaml\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n',
    );
  });

  it('is nothing where nothing changed', () => {
    expect(textDiff('f.yaml', 'a\n', 'a\n')).toBe('');
  });

  it('is a patch that git makes the new text with, whatever the texts are', () => {
    fc.assert(
      fc.property(linesArbitrary, linesArbitrary, (before, after) => {
        const patch = textDiff('f.yaml', before, after);
        if (before === after) expect(patch).toBe('');
        else if (before !== '' && after !== '') expect(patched(before, patch)).toBe(after);
      }),
      { numRuns: 80 },
    );
  });
});
