import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { optionText } from '../../cli/manual/manual.ts';
import { CATALOGUE } from '../../compiler/diagnostics/catalogue.ts';
import { Gateway } from '../../schema/config/gateway.ts';
import { emitGenerated } from '../../scripts/generated-files.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${ROOT}/${path}`, 'utf8');

describe('the manual', () => {
  it('is what the schema, the commands and the catalogue make of it', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/docs.ts', '--check'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('is told to be stale by the name of the page', () => {
    const told = vi.spyOn(console, 'error').mockReturnValue();
    expect(emitGenerated(new Map([['docs/commands/check.md', 'other']]), ['--check'], 'docs')).toBe(1);
    expect(told.mock.calls.flat().join()).toContain('docs/commands/check.md');
    told.mockRestore();
  });

  it('has a page for every command, and no other', () => {
    const names = readdirSync(`${ROOT}/docs/commands`).map((file) => file.replace(/\.md$/, ''));
    expect(names.sort()).toEqual(Object.keys(COMMANDS).sort());
    for (const name of names) expect(read('docs/commands.md')).toContain(`(commands/${name}.md)`);
  });

  it('lists every diagnostic', () => {
    for (const code of Object.keys(CATALOGUE))
      expect(read('docs/diagnostics.md')).toContain(`(diagnostics/${code}.md)`);
  });

  it('has every section of the configuration', () => {
    for (const section of Object.keys(Gateway.properties))
      expect(read('docs/reference.md')).toContain(`\n## \`${section}\`\n`);
  });

  it('is reached from the README and from the reference', () => {
    for (const page of ['README.md', 'docs/reference.md'])
      for (const target of ['commands.md)', 'diagnostics.md)']) expect(read(page)).toContain(target);
  });
});

describe.each(Object.entries(COMMANDS))('the page of the command %s', (name, manual) => {
  it('has every option with what it does, and every exit code', () => {
    const page = read(`docs/commands/${name}.md`);
    for (const [key, option] of Object.entries(manual.options ?? {})) {
      expect(page).toContain(optionText(key, option).replaceAll('|', '\\|'));
      expect(page).toContain(option.does.replaceAll('|', '\\|'));
    }
    for (const code of Object.keys(manual.exits ?? {})) expect(page).toContain(`| ${code} |`);
  });

  it('is made of a command that tells how it ends and gives an example', () => {
    expect(Object.keys(manual.exits ?? {})).toContain('0');
    expect(manual.examples?.length ?? 0).toBeGreaterThan(0);
    for (const { line } of manual.examples ?? []) expect(line).toContain(`gatewright ${name}`);
  });
});
