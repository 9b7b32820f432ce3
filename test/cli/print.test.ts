import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { print } from '../../cli/print.ts';
import { ownFolder } from '../support/own-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { SMALL_CONFIGURATION } from '../support/small-configuration.ts';

const folder = ownFolder({ 'gateway.yaml': SMALL_CONFIGURATION });

const run = (...args: string[]) => runCommand(print, args, folder.path);

describe('gatewright print', () => {
  it('shows nothing of a password in a URL, whatever is in it', async () => {
    const url = 'https://user:p@ss@127.0.0.1/files';
    folder.write('gateway.yaml', SMALL_CONFIGURATION.replace('/data', `"${url}"`));
    const { code, out } = await run();
    expect(code).toBe(0);
    expect(out).toContain('https://***@127.0.0.1/files');
    expect(out).not.toContain('ss@');
  });

  it('prints the configuration with its defaults, overlays laid over it', async () => {
    folder.write('prod.yaml', 'name: prod\n');
    const { code, out, err } = await run('--overlay', 'prod.yaml');
    expect([code, err]).toEqual([0, '']);
    expect(parse(out)).toMatchObject({ name: 'prod', profile: 'production' });
    expect(out).not.toContain('#');
  });

  it('tells where each value comes from if asked to', async () => {
    const { out } = await run('--origin');
    expect(out).toContain('bind: 127.0.0.1:8080 # gateway.yaml:3\n');
    expect(out).toContain('profile: production # default\n');
  });

  it('prints JSON, which is the same', async () => {
    const [yaml, json] = [await run(), await run('--format', 'json')];
    expect(JSON.parse(json.out)).toEqual(parse(yaml.out));
  });

  it('shows the findings instead where there are errors, exit code 1', async () => {
    writeFileSync(
      join(folder.path, 'gateway.yaml'),
      SMALL_CONFIGURATION.replace('upstream: files', 'upstream: fiels'),
    );
    const { code, out, err } = await run();
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('error[GW2003]');
  });

  it.each([[['a.yaml', 'b.yaml']], [['--format', 'xml']], [['--orgin']]])(
    'refuses %s with its usage, exit code 2',
    async (args) => {
      const { code, err } = await run(...args);
      expect(code).toBe(2);
      expect(err).toContain('usage: gatewright print');
    },
  );
});
