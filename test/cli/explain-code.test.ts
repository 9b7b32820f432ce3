import { describe, expect, it } from 'vitest';
import { explainCode } from '../../cli/explain-code.ts';
import type { Command } from '../../cli/io.ts';
import { schema } from '../../cli/schema.ts';
import { CATALOGUE } from '../../compiler/diagnostics/catalogue.ts';
import { runCommand } from '../support/run-command.ts';

const run = (command: Command, ...args: string[]) => runCommand(command, args, process.cwd());

describe('gatewright explain-code', () => {
  it.each(Object.keys(CATALOGUE))('prints the page of %s', async (code) => {
    const page = await run(explainCode, code);
    expect(page.code).toBe(0);
    expect(page.out.startsWith(`# ${code}: `)).toBe(true);
  });

  it('takes codes in lower case', async () => {
    expect((await run(explainCode, 'gw2003')).out).toContain('# GW2003: Unknown upstream');
  });

  it('takes the digits alone', async () => {
    expect((await run(explainCode, '2003')).out).toContain('# GW2003: Unknown upstream');
  });

  it('says which code was probably meant', async () => {
    const { code, err } = await run(explainCode, 'GW20O3');
    expect(code).toBe(1);
    expect(err).toMatch(/^error: unknown code `GW20O3`; did you mean `GW20\d3`\?\n$/);
    expect((await run(explainCode, '../../package.json')).code).toBe(1);
    expect((await run(explainCode, 'constructor')).code).toBe(1);
  });

  it('exits with 2 without a code, or with two', async () => {
    expect((await run(explainCode)).code).toBe(2);
    expect((await run(explainCode, 'GW2003', 'GW2004')).code).toBe(2);
  });
});

describe('gatewright schema', () => {
  it('prints the JSON Schema', async () => {
    const { code, out } = await run(schema);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'gateway.yaml',
    });
  });

  it('prints the same when it is told to print', async () => {
    expect(await run(schema, 'print')).toEqual(await run(schema));
  });

  it('takes no other word', async () => {
    expect((await run(schema, 'x')).code).toBe(2);
    expect((await run(schema, 'print', 'x')).code).toBe(2);
  });
});
