import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CompileResult, compile } from '../../compiler/compile.ts';
import type { Daring } from '../../compiler/diagnostics/apply-fixes.ts';
import { mend } from '../../compiler/mend.ts';
import { SMALL_CONFIGURATION } from '../support/small-configuration.ts';
import { FIXTURES, readerOf } from './fixture.ts';

const FOLDER = join(FIXTURES, 'ok', 'everything');
const BESIDE = readerOf(FOLDER);
const TEXT = readFileSync(join(FOLDER, 'gateway.yaml'), 'utf8');

const inputOf = (text: string) => ({
  main: 'gateway.yaml',
  read: (path: string) => (path === 'gateway.yaml' ? Buffer.from(text) : BESIDE(path)),
});

const mendText = (text: string, daring: Daring = 'always') => {
  const { files, applied, result } = mend(inputOf(text), daring);
  return { text: files.get('gateway.yaml') ?? text, applied, result };
};

const errorsOf = ({ diagnostics }: CompileResult) =>
  diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message }) => `${code} ${message}`);

/** What must hold of every mend, whatever was fed in. */
const expectNoHarm = (text: string, daring: Daring): void => {
  const given = compile(inputOf(text));
  const before = errorsOf(given);
  const mended = mendText(text, daring);
  const after = errorsOf(compile(inputOf(mended.text)));
  expect(after).toEqual(errorsOf(mended.result));
  const wasReadable = given.placeOf([]) !== undefined;
  const appeared = after.filter((error) => wasReadable || error.startsWith('GW0'));
  for (const error of appeared) expect(before).toContain(error);
  if (mended.applied === 0) expect(mended.text).toBe(text);
  expect(mendText(mended.text, daring)).toMatchObject({ applied: 0, text: mended.text });
};

/** Slips of the hand: `at` from 0 to 1 chooses the word, `within` the letter. */
interface Slip {
  readonly kind: 'drop' | 'double' | 'swap' | 'case' | 'letter' | 'yes' | 'unquote' | 'unit' | 'quote';
  readonly at: number;
  readonly within: number;
}

const slipArbitrary: fc.Arbitrary<Slip> = fc.record({
  kind: fc.constantFrom<Slip['kind'][]>(
    'drop',
    'double',
    'swap',
    'case',
    'letter',
    'yes',
    'unquote',
    'unit',
    'quote',
  ),
  at: fc.double({ min: 0, max: 0.999, noNaN: true }),
  within: fc.double({ min: 0, max: 0.999, noNaN: true }),
});

const misspell = (word: string, kind: Slip['kind'], within: number): string => {
  const index = Math.floor(within * (word.length - 1));
  const [head, letter, next, tail] = [
    word.slice(0, index),
    word[index] ?? '',
    word[index + 1] ?? '',
    word.slice(index + 2),
  ];
  const written = {
    drop: head + next + tail,
    double: head + letter + letter + next + tail,
    swap: head + next + letter + tail,
    case: head + letter.toUpperCase() + next + tail,
    letter: `${head}x${next}${tail}`,
    yes: word === 'true' ? 'yes' : word === 'false' ? 'Off' : word,
    unit: word.replace(/^(\d+)(\w+)$/, '$1'),
    quote: `"${word}"`,
    unquote: word,
  };
  return written[kind];
};

const slip = (text: string, { kind, at, within }: Slip): string => {
  if (kind === 'unquote') {
    const quoted = [...text.matchAll(/"(\$\{[^"]*\})"/g)];
    const chosen = quoted[Math.floor(at * quoted.length)];
    return chosen === undefined
      ? text
      : text.slice(0, chosen.index) + chosen[1] + text.slice(chosen.index + chosen[0].length);
  }
  const words = [...text.matchAll(/[\w-]{2,}/g)];
  const chosen = words[Math.floor(at * words.length)]!;
  return (
    text.slice(0, chosen.index) +
    misspell(chosen[0], kind, within) +
    text.slice(chosen.index + chosen[0].length)
  );
};

describe('mending', () => {
  it.each<[string, string, string]>([
    ['a misspelt key', 'listeners:', 'listners:'],
    ['a misspelt name', 'upstream: files', 'upstream: fiels'],
    ['a misspelt type', 'type: stdio', 'type: stido'],
    ['a flag of YAML 1.1', 'anonymous: true', 'anonymous: yes'],
    ['a key inside another that is misspelt', 'anonymous: true', 'anonymuos: true'],
  ])('takes back %s without being asked', (_, right, wrong) => {
    const { text, applied, result } = mendText(SMALL_CONFIGURATION.replace(right, wrong));
    expect([text, applied, result.diagnostics]).toEqual([SMALL_CONFIGURATION, 1, []]);
  });

  it('goes on until nothing is left: what one fix brings to light, the next one mends', () => {
    const faulty = SMALL_CONFIGURATION.replace('upstreams:', 'upstraems:')
      .replace('type: stdio', 'tpye: stdio')
      .replace('anonymous: true', 'anonymous: On');
    const { text, applied, result } = mendText(faulty);
    expect([text, applied, result.diagnostics]).toEqual([SMALL_CONFIGURATION, 3, []]);
  });

  it('reads a file again that no YAML parser would take, and mends the rest of it', () => {
    const faulty = `${SMALL_CONFIGURATION.replace('anonymous: true', 'anonymous: yes')}  hub: { type: http, endpoints: [${'${env:HUB}'}] }\n`;
    const { text } = mendText(faulty);
    expect(text).toContain('endpoints: ["${env:HUB}"]');
    expect(text).toContain('anonymous: true');
  });

  it('guesses only when it is told to', () => {
    const faulty = `${SMALL_CONFIGURATION}shutdown: { window: 30 }\n`;
    expect(mendText(faulty)).toMatchObject({ applied: 0, text: faulty });
    expect(mendText(faulty, 'maybe').text).toBe(`${SMALL_CONFIGURATION}shutdown: { window: 30s }\n`);
  });

  it.each([
    ['names told apart by a digit', 'files1', 'files2'],
    ['a name that is far from it', 'flies-and-more', 'files'],
  ])('takes %s for no slip', (_, written, there) => {
    const faulty = SMALL_CONFIGURATION.replace('upstream: files', `upstream: ${written}`).replace(
      '  files:',
      `  ${there}:`,
    );
    expect(mendText(faulty).text).toBe(faulty);
  });

  it('does not choose between two names that are as near', () => {
    const faulty = `${SMALL_CONFIGURATION.replace('upstream: files', 'upstream: filex')}  filez: { type: stdio, command: [b] }\n`;
    expect(mendText(faulty).text).toBe(faulty);
  });

  it('leaves out a fix after which there would be an error that was not there, and does the others', () => {
    // Once the key is read, its value is found to be wrong.
    const faulty = `${SMALL_CONFIGURATION.replace('anonymous: true', 'anonymous: yes')}shutdwon: { window: soon }\n`;
    const { text, applied } = mendText(faulty);
    expect(text).toBe(`${SMALL_CONFIGURATION}shutdwon: { window: soon }\n`);
    expect(applied).toBe(1);
  });

  it('keeps a byte order mark, line ends and comments', () => {
    const text = `\ufeff${SMALL_CONFIGURATION.replaceAll('\n', '\r\n')}# the end`;
    expect(mendText(text.replace('upstream: files }]', 'upstream: fiels }]  # which?')).text).toBe(
      text.replace('upstream: files }]', 'upstream: files }]  # which?'),
    );
  });

  it('mends every file of the configuration that has findings', () => {
    const key = (server: string) =>
      `keys: [{ id: ci, hash: ${'0f'.repeat(32)}, servers: [${server}], notAfter: 2099-01-01 }]\n`;
    const main = `${SMALL_CONFIGURATION.replace('anonymous: true', 'identity: [robtos]')}identity: { robots: { type: api-key, keysFile: ./keys.yaml } }\n`;
    const files = new Map([
      ['gateway.yaml', main],
      ['keys.yaml', key('tolos')],
    ]);
    const read = (path: string) => {
      const text = files.get(path);
      return text === undefined ? undefined : Buffer.from(text);
    };
    const mended = mend({ main: 'gateway.yaml', read }, 'always');
    expect(mended.files.get('gateway.yaml')).toContain('identity: [robots]');
    expect(mended.files.get('keys.yaml')).toBe(key('tools'));
  });

  it('never leaves an error that was not there, and is done after one time', () => {
    fc.assert(
      fc.property(
        fc.array(slipArbitrary, { minLength: 1, maxLength: 6 }),
        fc.constantFrom<Daring[]>('always', 'maybe'),
        (slips, daring) => expectNoHarm(slips.reduce(slip, TEXT), daring),
      ),
      { numRuns: 25 },
    );
  }, 120_000);

  it('takes back what can be mended of every example', () => {
    const examples = fileURLToPath(new URL('../../examples', import.meta.url));
    const texts = readdirSync(examples, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('gateway.yaml'))
      .map((path) => readFileSync(join(examples, path), 'utf8'));
    expect(texts.length).toBeGreaterThan(3);
    fc.assert(
      fc.property(fc.constantFrom(...texts), slipArbitrary, (text, one) =>
        expectNoHarm(slip(text, one), 'always'),
      ),
      { numRuns: 60 },
    );
  });
});
