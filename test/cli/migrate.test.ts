import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../cli/migrate.ts';
import { runCommand } from '../support/run-command.ts';

const OLD = `version: "1" # one
include: [./part.yaml]
listeners:
  main: { bind: 127.0.0.1:8080, trusted_proxies: [10.0.0.1] }
servers: {}
`;
const NEW = OLD.replace('"1"', '1').replace('trusted_proxies', 'trustedProxies');
const PART = 'backends:\n  files: { type: stdio, command: [x] }\n';

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'gatewright-migrate-'));
  write('gateway.yaml', OLD);
  write('part.yaml', PART);
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
const read = (name: string) => readFileSync(join(cwd, name), 'utf8');

const run = (...args: string[]) => runCommand(migrate, args, cwd);

describe('gatewright migrate', () => {
  it('migrates gateway.yaml and what it includes, tells each change, and is done then', async () => {
    const { code, out } = await run();
    expect(code).toBe(0);
    expect(out).toBe(
      [
        'gateway.yaml:1: `"1"` is `1` now',
        'gateway.yaml:4: `trusted_proxies` is `trustedProxies` now',
        '`gateway.yaml` is migrated',
        'part.yaml:1: `backends` is `upstreams` now',
        '`part.yaml` is migrated',
        '',
      ].join('\n'),
    );
    expect(read('gateway.yaml')).toBe(NEW);
    expect(read('part.yaml')).toBe(PART.replace('backends', 'upstreams'));
    expect(await run()).toEqual({ code: 0, out: '', err: '' });
  });

  it('writes nothing with --check or --diff', async () => {
    expect((await run('--check')).code).toBe(1);
    const { code, out } = await run('--diff', 'gateway.yaml');
    expect(code).toBe(0);
    expect(out).toContain('+version: 1 # one\n');
    expect(read('gateway.yaml')).toBe(OLD);
  });

  it('leaves a file of a newer version alone and says why', async () => {
    write('gateway.yaml', OLD.replace('"1"', '2'));
    const { code, err } = await run('gateway.yaml');
    expect(code).toBe(1);
    expect(err).toBe(
      'error: `gateway.yaml` is left as it is: it is of version 2, and this gatewright knows versions up to 1: use a newer one\n',
    );
    expect(read('gateway.yaml')).toBe(OLD.replace('"1"', '2'));
  });

  it('refuses an option that it does not have, exit code 2', async () => {
    const { code, err } = await run('--dry');
    expect(code).toBe(2);
    expect(err).toContain('usage: gatewright migrate');
  });
});
