import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lateText } from '../../scripts/late.ts';
import { ROOT } from '../support/source-file.ts';

describe('modules that are evaluated late', () => {
  it('are required where they are asked for first, each time the same', () => {
    const text = "import { all } from './all.ts';\n\nexport const given = (): typeof all => all;\n";
    expect(lateText(text)).toBe(
      "let known;\nexport const given = () => (known ??= require('./all.ts').all);\n",
    );
  });

  it('are refused where a file does more than give what it imports', () => {
    for (const text of [
      "import { all } from './all.ts';\nexport const given = (): typeof other => other;\n",
      "import { all } from './all.ts';\nexport const given = (): typeof all => all;\nexport const more = 1;\n",
      "import { all } from './all.ts';\nimport { more } from './more.ts';\nexport const given = (): typeof all => all;\n",
      "import { all } from './all.ts';\n",
      '',
    ])
      expect(() => lateText(text)).toThrow('gives nothing but what it imports');
  });

  it('are those whose name says so, and every such file is one', () => {
    const files = globSync('{schema,policies,compiler,runtime,cli}/**/late-*.ts', { cwd: ROOT });
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(lateText(readFileSync(join(ROOT, file), 'utf8'))).toContain('require(');
  });
});
