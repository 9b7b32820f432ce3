import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../compiler/diagnostics/catalogue.ts';
import { ARTIFACT, FIXTURES, fixturesIn, TESTS, TRUSTED_KEY, UPDATE_GOLDENS } from './fixture.ts';

const PAGES = fileURLToPath(new URL('../../docs/diagnostics', import.meta.url));
/** So much of an artifact is shown: it is one line. */
const MAX_SHOWN = 100;
const CODES = Object.keys(CATALOGUE).sort();
/** Those that a compile finds; the others are found by test/cli/check-online.test.ts. */
const COMPILED = CODES.filter((code) => !code.startsWith('GW5'));
const ONLINE_TEST = fileURLToPath(new URL('../cli/check-online.test.ts', import.meta.url));

const codesOf = (group: string): readonly string[] =>
  fixturesIn(group)
    .filter((name) => /^GW\d{4}-/.test(name))
    .map((name) => name.slice(0, 'GW0000'.length));

const fixtureOf = (group: string, code: string): string =>
  join(FIXTURES, group, fixturesIn(group).find((name) => name.startsWith(`${code}-`)) ?? code);

/** Files of a fixture as blocks of Markdown; none for what is no text. */
const blocksOf = (folder: string): string =>
  readdirSync(folder)
    .filter((file) => !file.startsWith('expected.'))
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }))
    .filter(({ text }) => text.trim() !== '' && !text.includes('\ufffd'))
    .map(({ file, text }) => {
      const language = /\.(json|lock|sig)$/.test(file) ? 'json' : /\.pem$/.test(file) ? 'text' : 'yaml';
      const shown =
        file === ARTIFACT && text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)} …` : text.trimEnd();
      return `\`${file}\`:\n\n\`\`\`${language}\n${shown}\n\`\`\`\n`;
    })
    .join('\n');

/** The part of a page that is made from fixtures. */
const examplesOf = (code: string): string => {
  const expected = readFileSync(join(fixtureOf('err', code), 'expected.txt'), 'utf8').trimEnd();
  const faulty = blocksOf(fixtureOf('err', code));
  const has = (file: string) => existsSync(join(fixtureOf('err', code), file));
  const command = has(TRUSTED_KEY) ? 'verify' : has(TESTS) ? 'test' : 'check';
  const report = `\`gatewright ${command}\` says:\n\n\`\`\`text\n${expected}\n\`\`\`\n`;
  return [`## Example\n`, faulty, report, `## Mended\n`, blocksOf(fixtureOf('ok', code))]
    .filter((part) => part !== '')
    .join('\n');
};

describe('every diagnostic', () => {
  it('has one fixture that fails by it and one that passes', () => {
    expect(codesOf('err')).toEqual(COMPILED);
    expect(codesOf('ok')).toEqual(COMPILED);
  });

  it('of the environment is found against real servers', () => {
    const text = readFileSync(ONLINE_TEST, 'utf8');
    for (const code of CODES) if (!COMPILED.includes(code)) expect(text).toContain(code);
  });

  it('has a page, and every page a diagnostic', () => {
    expect(readdirSync(PAGES).sort()).toEqual(CODES.map((code) => `${code}.md`));
  });

  it('is of an area that exists and has a title of its own', () => {
    for (const code of CODES) expect(code).toMatch(/^GW[0-7]\d{3}$/);
    const titles = Object.values(CATALOGUE).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('can be lowered only if it is of posture', () => {
    for (const [code, entry] of Object.entries(CATALOGUE)) {
      if ('lowerable' in entry) expect(code).toMatch(/^GW4/);
    }
  });
});

describe.each(CODES)('the page of %s', (code) => {
  const file = join(PAGES, `${code}.md`);

  it('starts with its title and says why', () => {
    expect(existsSync(file)).toBe(true);
    const [heading, blank, ...rest] = readFileSync(file, 'utf8').split('\n');
    expect(heading).toBe(`# ${code}: ${CATALOGUE[code as keyof typeof CATALOGUE].title}`);
    expect(blank).toBe('');
    expect(rest.join('\n').split('## Example')[0]!.trim().length).toBeGreaterThan(60);
  });

  it.skipIf(!COMPILED.includes(code))('shows what the compiler says about its example', () => {
    const page = readFileSync(file, 'utf8');
    const prose = `${page.slice(0, page.indexOf('## Example')).trimEnd()}\n\n`;
    const wanted = `${prose}${examplesOf(code)}`;
    if (UPDATE_GOLDENS) writeFileSync(file, wanted);
    expect(readFileSync(file, 'utf8')).toBe(wanted);
  });
});
