import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { dispatch } from '../../cli/dispatch.ts';
import { runCommand } from '../support/run-command.ts';

const run = (...argv: string[]) => runCommand(dispatch, argv, process.cwd());

describe('the command line', () => {
  it('prints the version', async () => {
    const { code, out } = await run('version');
    expect(code).toBe(0);
    expect(out).toMatch(/^gatewright \d+\.\d+\.\d+ \(Node\.js v\d+/);
    expect((await run('--version')).out).toBe(out);
  });

  it.each(['version', '--version', 'schema'])('exits 2 if there is more after %s', async (command) => {
    const { code, out, err } = await run(command, 'extra');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^usage: gatewright (version|schema \[print\])\n$/);
  });

  it('lists the commands', async () => {
    const { code, out } = await run('help');
    expect(code).toBe(0);
    for (const command of ['run', 'check', 'schema', 'explain-code', 'keys', 'version'])
      expect(out).toContain(`  ${command}`);
    expect((await run('--help')).out).toBe(out);
  });

  it('shows what follows a command without running it', async () => {
    const { code, out } = await run('run', '--help');
    expect(code).toBe(0);
    expect(out).toContain('usage: gatewright run [gateway.yaml|address]');
  });

  it.each(Object.entries(COMMANDS))('tells the options and exit codes of %s', async (name, manual) => {
    const { code, out } = await run(name, '--help');
    expect(code).toBe(0);
    for (const option of Object.keys(manual.options ?? {})) expect(out).toContain(`--${option}`);
    for (const exit of Object.keys(manual.exits ?? {})) expect(out).toContain(`  ${exit}  `);
    for (const line of out.split('\n')) expect(line.length).toBeLessThan(200);
  });

  it.each(Object.keys(COMMANDS))(
    'tells how %s is used where an option is not known, and exits 2',
    async (name) => {
      const { code, out, err } = await run(name, '--no-such-option');
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(new RegExp(`^(error: .*\n)?usage: gatewright ${name}\\b`));
    },
  );

  it('calls a misspelt command by the name it was meant to have and exits 2', async () => {
    expect(await run('chekc')).toEqual({
      code: 2,
      out: '',
      err: 'error: unknown command `chekc`; did you mean `check`?\n       `gatewright help` lists the commands\n',
    });
  });

  it('proposes nothing for a word that is near no command', async () => {
    expect((await run('frobnicate')).err).not.toContain('did you mean');
  });

  it('takes names of inherited properties for unknown commands', async () => {
    expect((await run('constructor')).code).toBe(2);
    expect((await run('__proto__')).code).toBe(2);
  });

  it('prints the commands and exits 2 without a command', async () => {
    const { code, err } = await run();
    expect(code).toBe(2);
    expect(err).toContain('usage: gatewright <command>');
  });
});
