import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type CompileResult, compile } from '../../compiler/compile.ts';
import { FIXTURES, readerOf } from './fixture.ts';
import { expectSane } from './sanity.ts';

const FOLDER = join(FIXTURES, 'ok', 'everything');
const readBeside = readerOf(FOLDER);
const bytes = readFileSync(join(FOLDER, 'gateway.yaml'));
const text = bytes.toString('utf8');
const keysText = readFileSync(join(FOLDER, 'keys.yaml'), 'utf8');

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const compileBytes = (main: Uint8Array, keys?: Uint8Array): CompileResult =>
  compile({
    main: 'gateway.yaml',
    read: (path) => (path === 'gateway.yaml' ? main : path === 'keys.yaml' && keys ? keys : readBeside(path)),
  });

const compileText = (main: string): CompileResult => compileBytes(Buffer.from(main));

/** The value with the keys of every map in another order. */
const shuffled = (value: Json, random: () => number): Json => {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, random));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    ([key, child]) => [random(), key, shuffled(child, random)] as const,
  );
  entries.sort(([a], [b]) => a - b);
  return Object.fromEntries(entries.map(([, key, child]) => [key, child]));
};

/** Every path below a value. */
const pathsOf = (value: Json, path: readonly string[] = []): readonly (readonly string[])[] => {
  const children = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [path, ...children.flatMap(([key, child]) => pathsOf(child, [...path, key]))];
};

const replaceAt = (value: Json, [step, ...rest]: readonly string[], replacement: Json): Json => {
  if (step === undefined) return replacement;
  if (Array.isArray(value)) {
    return value.map((item, index) => (String(index) === step ? replaceAt(item, rest, replacement) : item));
  }
  const map = value as { [key: string]: Json };
  return { ...map, [step]: replaceAt(map[step] ?? null, rest, replacement) };
};

const JUNK: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1e30,
  0.5,
  '',
  ' ',
  'x',
  '30',
  'yes',
  '${env:X}',
  '${env:',
  '$${',
  '*',
  '__proto__',
  'constructor',
  [],
  [null],
  [[]],
  ['a', 'a'],
  {},
  { type: 'http' },
  { type: 'constructor' },
  { type: null },
  { __proto__: null, constructor: 1 },
  { toString: 'x' },
  { $reference: 'x' },
];

/** One change of a text; `from` is a position from 0 to 1. */
interface Edit {
  readonly kind: 'cut' | 'insert' | 'replace' | 'truncate' | 'repeat' | 'swap';
  readonly from: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

const editArbitrary: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom<Edit['kind'][]>('cut', 'insert', 'replace', 'truncate', 'repeat', 'swap'),
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(40),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc
      .constantFrom(
        '{',
        '}',
        '[',
        ']',
        ':',
        '\n',
        '\t',
        '"',
        "'",
        '&a ',
        '*a',
        '<<: ',
        '!x ',
        '---\n',
        '${',
        '\u0000',
        '#',
        '|',
        '- ',
        '\ufeff',
      )
      .map((word) => new Uint8Array(Buffer.from(word))),
  ),
});

const applyEdit = (source: Uint8Array, edit: Edit): Uint8Array => {
  const start = Math.floor(edit.from * source.length);
  const end = Math.min(source.length, start + edit.length);
  const [head, middle, tail] = [source.subarray(0, start), source.subarray(start, end), source.subarray(end)];
  const parts = {
    cut: [head, tail],
    insert: [head, edit.bytes, middle, tail],
    replace: [head, edit.bytes, tail],
    truncate: [head],
    repeat: [head, middle, middle, tail],
    swap: [tail, middle, head],
  }[edit.kind];
  return new Uint8Array(Buffer.concat(parts));
};

describe('compiling', () => {
  it('gives the same bytes for the same input', () => {
    expect(JSON.stringify(compileBytes(bytes))).toBe(JSON.stringify(compileBytes(bytes)));
  });

  it('gives the same hash whatever the order of keys', () => {
    const { hash, fingerprints } = compileText(text).compiled!;
    const source = parse(text) as Json;
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (stream) => {
        const reordered = shuffled(source, () => stream.next().value);
        const { compiled, diagnostics } = compileText(stringify(reordered));
        expect(diagnostics).toEqual([]);
        expect(compiled?.hash).toBe(hash);
        expect(compiled?.fingerprints).toEqual(fingerprints);
      }),
      { numRuns: 20 },
    );
  });

  it('gives the same hash whatever the comments, quotes and line breaks', () => {
    const { hash } = compileText(text).compiled!;
    expect(compileText(text.replaceAll('\n', '\r\n')).compiled?.hash).toBe(hash);
    expect(compileText(`\ufeff# a comment\n${text}`).compiled?.hash).toBe(hash);
    expect(compileText(JSON.stringify(parse(text))).compiled?.hash).toBe(hash);
  });

  it('never throws for a file that was damaged anywhere', () => {
    fc.assert(
      fc.property(fc.array(editArbitrary, { minLength: 1, maxLength: 3 }), (edits) => {
        const damaged = edits.reduce(applyEdit, new Uint8Array(bytes));
        expectSane(compileBytes(damaged), damaged);
      }),
      { numRuns: 150 },
    );
  });

  it('never throws for a file that was cut off', () => {
    for (let length = 0; length < bytes.length; length += 37) {
      const cut = bytes.subarray(0, length);
      expectSane(compileBytes(cut), cut);
    }
  });

  it('never throws for a keys file that was damaged', () => {
    fc.assert(
      fc.property(fc.array(editArbitrary, { minLength: 1, maxLength: 2 }), (edits) => {
        const damaged = edits.reduce(applyEdit, new Uint8Array(Buffer.from(keysText)));
        const { compiled, diagnostics } = compileBytes(bytes, damaged);
        expect(compiled === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'));
      }),
      { numRuns: 80 },
    );
  });

  it('never throws for a value that has nothing to do with the schema', () => {
    const source = parse(text) as Json;
    const paths = pathsOf(source);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.constantFrom(...JUNK), (path, junk) => {
        const main = Buffer.from(stringify(replaceAt(source, path, junk)));
        expectSane(compileBytes(main), main);
      }),
      { numRuns: 150 },
    );
  });

  it('finds the same in JSON as in YAML, since JSON is YAML', () => {
    const source = parse(text) as Json;
    const broken = replaceAt(
      replaceAt(source, ['servers', 'desk', 'expose', '0', 'upstream'], 'fils'),
      ['name'],
      3,
    );
    const codes = (main: string) => compileText(main).diagnostics.map(({ code }) => code);
    expect(codes(JSON.stringify(broken)).sort()).toEqual(codes(stringify(broken)).sort());
  });
});
