import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { check } from '../../cli/check.ts';
import type { CommandIo } from '../../cli/io.ts';
import { runCommand } from '../support/run-command.ts';
import { SMALL_CONFIGURATION } from '../support/small-configuration.ts';

const WARNED = `${SMALL_CONFIGURATION}  more: { type: stdio, command: [more] }\n`;
const BAD = SMALL_CONFIGURATION.replace('upstream: files', 'upstream: fiels');

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'gatewright-check-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);

const runAt = (where: Partial<CommandIo>, ...args: string[]) => runCommand(check, args, cwd, where);

const run = (...args: string[]) => runAt({}, ...args);

describe('gatewright check', () => {
  it('finds nothing in a sound configuration and exits with 0', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    expect(await run()).toEqual({ code: 0, out: 'gateway.yaml: no findings\n', err: '' });
  });

  it('shows errors with their lines and exits with 1', async () => {
    write('gateway.yaml', BAD);
    const { code, out } = await run();
    expect(code).toBe(1);
    expect(out).toContain('error[GW2003]: unknown upstream `fiels`\n  --> gateway.yaml:8:26\n');
    expect(out).toMatch(/\ngateway.yaml: 1 error\n$/);
  });

  it('passes warnings, unless they are denied', async () => {
    write('gateway.yaml', WARNED);
    expect((await run()).code).toBe(0);
    expect((await run('--deny-warnings')).code).toBe(1);
  });

  it('takes the file that is named', async () => {
    write('other.yaml', SMALL_CONFIGURATION);
    expect((await run('other.yaml')).code).toBe(0);
    expect((await run(join(cwd, 'other.yaml'))).out).toContain('other.yaml: no findings');
  });

  it('says the same in JSON', async () => {
    write('gateway.yaml', BAD);
    const { code, out } = await run('--format', 'json');
    expect(code).toBe(1);
    const document = JSON.parse(out);
    expect(document).toMatchObject({
      formatVersion: 1,
      file: 'gateway.yaml',
      hash: null,
      errors: 1,
      warnings: 0,
    });
    expect(document.diagnostics[0]).toMatchObject({
      code: 'GW2003',
      severity: 'error',
      title: 'Unknown upstream',
      span: { file: 'gateway.yaml', line: 8, column: 26, endLine: 8, endColumn: 31 },
      fixes: [{ text: 'files', applicability: 'always' }],
      docs: 'docs/diagnostics/GW2003.md',
    });
  });

  it('has in JSON what docs/formats.md says, and nothing else', async () => {
    write('gateway.yaml', BAD);
    const document = JSON.parse((await run('--format', 'json')).out);
    const page = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8');
    const names = [
      ...Object.keys(document),
      ...Object.keys(document.diagnostics[0]).map((name) => `diagnostics[].${name}`),
      ...Object.keys(document.diagnostics[0].span),
    ];
    for (const name of names) expect(page).toMatch(new RegExp(`\`${RegExp.escape(name)}(\\[\\])?\``));
    const documented = [...page.matchAll(/^\| `diagnostics\[\]\.(\w+)/gm)].map(([, name]) => name);
    expect(Object.keys(document.diagnostics[0]).sort()).toEqual(documented.sort());
  });

  it.each([
    ['sarif', (out: string) => JSON.parse(out).runs[0].results.length],
    ['github', (out: string) => out.match(/^::error /gm)?.length],
    ['junit', (out: string) => out.match(/<failure /g)?.length],
  ])('says the same as %s', async (format, count) => {
    write('gateway.yaml', BAD);
    const { code, out, err } = await run('--format', format);
    expect([code, count(out), err]).toEqual([1, 1, '']);
  });

  it('names files for GitHub from the root of the checkout', async () => {
    mkdirSync(join(cwd, 'conf'));
    write('conf/gateway.yaml', BAD);
    const fileIn = async (root: string, ...args: string[]) => {
      const { out } = await runAt({ env: { GITHUB_WORKSPACE: root }, cwd: join(cwd, 'conf') }, ...args);
      return /file=([^,]*),/.exec(out)?.[1];
    };
    expect(await fileIn(cwd, '--format', 'github')).toBe('conf/gateway.yaml');
    expect(await fileIn(join(cwd, 'conf'), '--format', 'github')).toBe('gateway.yaml');
    expect(await fileIn('/somewhere/else', '--format', 'github')).toBe('gateway.yaml');
    expect(await fileIn('', '--format', 'github')).toBe('gateway.yaml');
  });

  it('takes pages of codes into SARIF', async () => {
    write('gateway.yaml', BAD);
    const [rule] = JSON.parse((await run('--format', 'sarif')).out).runs[0].tool.driver.rules;
    expect(rule.help.markdown).toContain('# GW2003: Unknown upstream');
  });

  it('makes warnings that are denied failures in every format', async () => {
    write('gateway.yaml', WARNED);
    expect((await run('--format', 'junit')).out).toContain('failures="0"');
    expect((await run('--format', 'junit', '--deny-warnings')).out).toContain('failures="1"');
  });

  it('passes as many warnings as it is told to', async () => {
    write('gateway.yaml', `${WARNED}  third: { type: stdio, command: [third] }\n`);
    expect((await run('--max-warnings', '2')).code).toBe(0);
    expect(await run('--max-warnings', '1')).toMatchObject({
      code: 1,
      err: 'error: 2 warnings, and at most 1 may be there\n',
    });
    expect((await run('--max-warnings', '5', '--deny-warnings')).code).toBe(1);
    for (const wrong of ['-1', 'x', '1.5', ''])
      expect(await run(`--max-warnings=${wrong}`)).toMatchObject({ code: 2, out: '' });
  });

  it('prints the hash of what was compiled in JSON', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    const first = JSON.parse((await run('--format', 'json')).out).hash;
    write('gateway.yaml', `# a comment\n${SMALL_CONFIGURATION}`);
    expect(JSON.parse((await run('--format', 'json')).out).hash).toBe(first);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
  });

  it('mends what can be mended, in the file itself, when it is told to', async () => {
    write('gateway.yaml', `\ufeff# kept\n${BAD}`);
    const { code, err } = await run('--fix');
    expect([code, err]).toEqual([0, 'fixed 1 finding\n']);
    expect(readFileSync(join(cwd, 'gateway.yaml'), 'utf8')).toBe(`\ufeff# kept\n${SMALL_CONFIGURATION}`);
  });

  it('guesses only when it is told to', async () => {
    write('gateway.yaml', `${SMALL_CONFIGURATION}shutdown: { window: 30 }\n`);
    const first = await run('--fix');
    expect([first.code, first.err]).toEqual([1, '']);
    expect(first.out).toContain('(fix: gatewright check --fix-guesses)');
    expect((await run('--fix-guesses')).err).toBe('fixed 1 finding\n');
    expect(readFileSync(join(cwd, 'gateway.yaml'), 'utf8')).toBe(
      `${SMALL_CONFIGURATION}shutdown: { window: 30s }\n`,
    );
  });

  it('shows what it would mend as a patch, and writes nothing', async () => {
    write('gateway.yaml', BAD);
    const { code, out, err } = await run('--fix', '--dry-run');
    expect([code, err]).toEqual([1, 'would fix 1 finding\n']);
    expect(out).toContain('-    expose: [{ upstream: fiels }]\n+    expose: [{ upstream: files }]\n');
    expect(readFileSync(join(cwd, 'gateway.yaml'), 'utf8')).toBe(BAD);
    write('gateway.yaml', SMALL_CONFIGURATION);
    expect(await run('--fix', '--dry-run')).toEqual({ code: 0, out: '', err: 'would fix 0 findings\n' });
    expect(await run('--dry-run')).toMatchObject({ code: 2, out: '' });
  });

  it('mends the file that a link leads to, and leaves its mode and nothing beside it', async () => {
    write('real.yaml', BAD);
    chmodSync(join(cwd, 'real.yaml'), 0o640);
    symlinkSync('real.yaml', join(cwd, 'gateway.yaml'));
    expect((await run('--fix')).code).toBe(0);
    expect(readFileSync(join(cwd, 'real.yaml'), 'utf8')).toBe(SMALL_CONFIGURATION);
    expect(statSync(join(cwd, 'real.yaml')).mode & 0o777).toBe(0o640);
    expect(lstatSync(join(cwd, 'gateway.yaml')).isSymbolicLink()).toBe(true);
    expect(readdirSync(cwd).sort()).toEqual(['gateway.yaml', 'real.yaml']);
  });

  it('writes nothing unless it is told to', async () => {
    write('gateway.yaml', BAD);
    await run();
    expect(readFileSync(join(cwd, 'gateway.yaml'), 'utf8')).toBe(BAD);
  });

  it('reports a missing file as a finding', async () => {
    const { code, out } = await run();
    expect(code).toBe(1);
    expect(out).toContain('error[GW0001]: `gateway.yaml` cannot be read');
    expect((await run('.')).out).toContain('GW0001');
  });

  it.each([[['a.yaml', 'b.yaml']], [['--format', 'xml']], [['--frmat', 'json']], [['--format']]])(
    'exits with 2 for the arguments %j',
    async (args) => {
      const { code, out, err } = await run(...args);
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain('usage: gatewright check');
    },
  );

  it('names the option that was meant, and the words that an option takes', async () => {
    expect((await run('--frmat', 'json')).err).toMatch(
      /^error: unknown option `--frmat`; did you mean `--format`\?\nusage: gatewright check /,
    );
    expect((await run('--format', 'xml')).err).toMatch(
      /^error: unknown format `xml`; there is pretty, json, sarif, github, junit/,
    );
  });

  it('exits with 3 where a file cannot be written', async () => {
    write('gateway.yaml', BAD);
    chmodSync(join(cwd, 'gateway.yaml'), 0o444);
    chmodSync(cwd, 0o555);
    const { code } = await run('--fix');
    chmodSync(cwd, 0o755);
    // The superuser writes everywhere.
    expect(code).toBe(process.getuid?.() === 0 ? 0 : 3);
  });
});
