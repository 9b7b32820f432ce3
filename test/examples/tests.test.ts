import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { test } from '../../cli/test.ts';
import schema from '../../schema/test-file.schema.json' with { type: 'json' };
import { ROOT } from '../support/source-file.ts';

const EXAMPLES = join(ROOT, 'examples');
const TESTS = 'gateway.test.yaml';

const folders = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(EXAMPLES, entry.name, 'gateway.yaml')))
  .map(({ name }) => name);

const read = (folder: string, file: string): string => readFileSync(join(EXAMPLES, folder, file), 'utf8');

const tested = folders.filter((folder) => existsSync(join(EXAMPLES, folder, TESTS)));

it('examples with policies have tests', () => {
  const ruled = folders.filter((folder) => 'policies' in parse(read(folder, 'gateway.yaml')));
  expect(ruled.length).toBeGreaterThan(0);
  expect(tested).toEqual(expect.arrayContaining(ruled));
});

describe.each(tested)('the tests of examples/%s', (folder) => {
  it('pass, and reach every route and rule', async () => {
    let said = '';
    const say = (text: string): void => {
      said += text;
    };
    const io = { out: say, err: say, env: {}, cwd: join(EXAMPLES, folder), color: false };
    const code = await test(['--coverage', '--fail-under', '100'], io);
    expect(code, said).toBe(0);
    expect(said).toContain('coverage: 100.0%');
  });

  it('have the form that editors are told', () => {
    const validate = new Ajv({ strict: false }).compile(schema);
    validate(parse(read(folder, TESTS)));
    expect(validate.errors).toBeNull();
    expect(read(folder, TESTS)).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/\.\.\/schema\/test-file\.schema\.json\n/,
    );
  });
});
