import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CompileResult, compile } from '../../compiler/compile.ts';
import { SMALL_CONFIGURATION } from '../support/small-configuration.ts';
import { FIXTURES, fixturesIn, readerOf } from './fixture.ts';
import { expectSane } from './sanity.ts';

/** Time of the processor, so that a busy machine is no slow compiler. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const MAX_MS = 2000;

const compileIn = (folder: string, main: Uint8Array): CompileResult => {
  const read = readerOf(folder);
  return compile({ main: 'gateway.yaml', read: (path) => (path === 'gateway.yaml' ? main : read(path)) });
};

/** Compiles a text as the main file of a folder; sane, and in time. */
const expectHeld = (folder: string, text: string): CompileResult => {
  const main = Buffer.from(text);
  const startedMs = cpuMs();
  const result = compileIn(folder, main);
  expect(cpuMs() - startedMs).toBeLessThan(MAX_MS);
  expectSane(result, main);
  return result;
};

interface Source {
  readonly folder: string;
  readonly text: string;
}

const sourceOf = (group: string, name: string): Source => {
  const folder = join(FIXTURES, group, name);
  return { folder, text: readFileSync(join(folder, 'gateway.yaml'), 'utf8') };
};

const EVERYTHING = sourceOf('ok', 'everything');
const SOURCES: readonly Source[] = [
  EVERYTHING,
  ...[
    'references',
    'smallest',
    'anchors-and-aliases',
    'block-scalars',
    'comments-everywhere',
    'several-files',
  ].map((name) => sourceOf('ok', name)),
  ...fixturesIn('realistic').map((name) => sourceOf('realistic', name)),
];

/** Words, signs and blanks of a text: together they are the text. */
const tokensOf = (text: string): readonly string[] => text.match(/[\w.-]+|\s+|[^\w\s]/gu) ?? [];
const linesOf = (text: string): readonly string[] => text.match(/.*(?:\n|$)/g) ?? [];

const INSERTED = [
  '*',
  '&',
  '&a ',
  '*a',
  '!',
  '!!str ',
  '|',
  '>',
  '%',
  '@',
  '`',
  '? ',
  '- ',
  ': ',
  ':',
  '#',
  ' #',
  '---\n',
  '...\n',
  '{',
  '}',
  '[',
  ']',
  ',',
  '"',
  "'",
  '\\',
  '\t',
  '\r',
  '\u00a0',
  '\u200b',
  '\ufeff',
  '“',
  '’',
  '<<: *a\n',
  '<<<<<<< a\n',
  '=======\n',
  '>>>>>>> b\n',
  '{{ x }}',
  '{% if %}',
  '${',
  '${env:',
  '${env:A}',
  '$$',
  '=',
  'null',
  '~',
  '.inf',
  '0x',
  '1_0',
  '\u0000',
  '\u0085',
  '\u2028',
  '😀',
  '\ud800',
  'type: ',
  'upstreams:\n',
  '  ',
  '    ',
] as const;

interface Mutation {
  readonly of: 'tokens' | 'lines';
  readonly kind: 'delete' | 'duplicate' | 'swap' | 'insert' | 'indent' | 'move';
  readonly at: number;
  readonly to: number;
  readonly inserted: string;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  of: fc.constantFrom<Mutation['of'][]>('tokens', 'lines'),
  kind: fc.constantFrom<Mutation['kind'][]>('delete', 'duplicate', 'swap', 'insert', 'indent', 'move'),
  at: fc.double({ min: 0, max: 0.999, noNaN: true }),
  to: fc.double({ min: 0, max: 0.999, noNaN: true }),
  inserted: fc.constantFrom(...INSERTED),
});

const mutate = (text: string, { of, kind, at, to, inserted }: Mutation): string => {
  const parts = [...(of === 'lines' ? linesOf(text) : tokensOf(text))];
  const [here, there] = [Math.floor(at * parts.length), Math.floor(to * parts.length)];
  const part = parts[here] ?? '';
  if (kind === 'delete') parts.splice(here, 1);
  else if (kind === 'duplicate') parts.splice(here, 0, part);
  else if (kind === 'insert') parts.splice(here, 0, inserted);
  else if (kind === 'indent') parts[here] = `${' '.repeat(1 + (there % 9))}${part}`;
  else if (kind === 'move') parts.splice(there, 0, ...parts.splice(here, 1));
  else [parts[here], parts[there]] = [parts[there] ?? '', part];
  return parts.join('');
};

describe('a file that was changed at random', () => {
  it('never ends the compiler, nor takes it long, whatever words, signs and lines were lost, doubled or moved', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SOURCES),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        ({ folder, text }, mutations) => {
          expectHeld(folder, mutations.reduce(mutate, text));
        },
      ),
      { numRuns: 400 },
    );
  }, 120_000);

  it('is judged in the same way each time', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SOURCES), mutation, ({ folder, text }, one) => {
        const main = Buffer.from(mutate(text, one));
        const [first, second] = [compileIn(folder, main), compileIn(folder, main)];
        expect(JSON.stringify(second)).toBe(JSON.stringify(first));
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('is judged in the same way with the line ends of Windows', () => {
    const told = (result: CompileResult) =>
      result.diagnostics.map(
        ({ code, message, span }) => `${span.file}:${span.line}:${span.column} ${code} ${message}`,
      );
    fc.assert(
      fc.property(fc.constantFrom(...SOURCES), mutation, ({ folder, text }, one) => {
        const unix = mutate(text, one).replaceAll('\r', '');
        const [first, second] = [unix, unix.replaceAll('\n', '\r\n')].map((each) =>
          compileIn(folder, Buffer.from(each)),
        );
        expect(told(second!)).toEqual(told(first!));
        expect(second!.compiled?.hash).toBe(first!.compiled?.hash);
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});

const MIB = 1024 * 1024;

/** As much of `unit` as a file may hold, behind `head`. */
const full = (unit: string, head = ''): string =>
  head + unit.repeat(Math.floor((MIB - Buffer.byteLength(head)) / Buffer.byteLength(unit)));

const many = (count: number, part: (index: number) => string, separator = ''): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(separator);

const policy = (body: string): string =>
  `${SMALL_CONFIGURATION.replace('anonymous: true', 'anonymous: true\n    policies: [p]')}policies:\n  p: ${body}\n`;

const bomb = ['a: &a0 [x, x, x, x, x, x, x, x, x]\n', ...'bcdefghij']
  .map((key, index) =>
    index === 0 ? key : `${key}: &a${index} [${many(9, () => `*a${index - 1}`, ', ')}]\n`,
  )
  .join('');

describe('a file as large as one may be', () => {
  it.each([
    ['brackets', full('[')],
    ['braces', full('{a: ')],
    ['dashes', full('- ')],
    ['items', full('- a\n')],
    ['keys in keys', full('a: ')],
    ['quotes', full('"')],
    ['texts', full('"a" ')],
    ['stars', full('- *\n', 'a:\n')],
    ['aliases', full('- *b\n', 'a:\n')],
    ['a bomb of aliases', bomb],
    ['no-break spaces', full('\u00a0a: b\n')],
    ['typographic quotes', `a:\n${many(30_000, () => '- “a”\n')}`],
    ['conflicts', full('<<<<<<< a\n=======\n')],
    ['keys without a blank', full('a:b\n')],
    ['documents', full('--- a\n')],
    ['tabs', full('a:\n\tb: c\n')],
    ['comments', full('# a\n')],
    ['one line', full('a')],
    ['one text', `a: "${'\\x41'.repeat(250_000)}"`],
    ['unknown keys', many(40_000, (index) => `k${index}: v\n`)],
    [
      'upstreams without a type',
      SMALL_CONFIGURATION + many(20_000, (index) => `  u${index}: { command: [x] }\n`),
    ],
    [
      'patterns',
      SMALL_CONFIGURATION.replace(
        'files }',
        `files, tools: { allow: [${many(2000, (i) => `"*a${i}*"`, ', ')}] } }`,
      ),
    ],
    [
      'names that are not there',
      SMALL_CONFIGURATION.replace(
        'anonymous: true',
        `anonymous: true\n    policies: [${many(15_000, (i) => `p${i}`, ', ')}]`,
      ),
    ],
    ['an expression of brackets', policy(`{ type: cel, allow: "${'('.repeat(100_000)}" }`)],
    ['an expression of operands', policy(`{ type: cel, allow: "${'true && '.repeat(20_000)}true" }`)],
    ['a pattern that multiplies', policy(`{ type: cel, allow: "tool.name.matches('(a{1,1000}){1,1000}')" }`)],
    [
      'permissions',
      policy(
        `{ type: rbac, roles: { r: { allow: [${many(2000, (i) => `{ method: tools/call, names: ["a${i}*"] }`, ', ')}] } }, bindings: [{ roles: [r], when: "principal.assurance > 0" }] }`,
      ),
    ],
    [
      'roles',
      policy(
        `{ type: rbac, roles: { r0: {}, ${many(1500, (i) => `r${i + 1}: { includes: [r${i}] }`, ', ')} }, bindings: [{ roles: [r1500], when: "principal.assurance > 0" }] }`,
      ),
    ],
  ])(
    'of %s is judged in time',
    (_, text) => {
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MIB);
      expectHeld(EVERYTHING.folder, text);
    },
    60_000,
  );
});
