import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { ROOT } from '../support/source-file.ts';

it('the gateway of the README compiles without a finding', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const yaml = /```yaml\n([^`]*)```/.exec(readme)?.[1] ?? '';
  expect(yaml).toContain('version: 1');
  const { compiled, diagnostics } = compile({
    main: 'gateway.yaml',
    read: (path) => (path === 'gateway.yaml' ? Buffer.from(yaml) : undefined),
  });
  expect(diagnostics).toEqual([]);
  expect(compiled).toBeDefined();
});
