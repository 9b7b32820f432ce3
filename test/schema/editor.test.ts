import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compileFixture, FIXTURES, fixturesIn, UPDATE_GOLDENS } from '../compiler/fixture.ts';
import { editorData, editorFindings, isWhole } from './editor.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLES = join(ROOT, 'examples');
const EXPECTED = join(FIXTURES, 'editor.expected.txt');

const mainOf = (group: string, name: string): string => join(FIXTURES, group, name, 'gateway.yaml');

const findingsIn = (file: string): readonly string[] | undefined => {
  const data = editorData(readFileSync(file, 'utf8'));
  return data && editorFindings(data.value);
};

describe('the published schema, as an editor applies it,', () => {
  const examples = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?:^|[/\\])gateway\.yaml$/.test(file),
  );

  it('finds nothing in the default configuration', () => {
    expect(findingsIn(join(ROOT, 'gateway.yaml'))).toEqual([]);
  });

  it.each(examples)('finds nothing in the example %s', (file) => {
    expect(findingsIn(join(EXAMPLES, file))).toEqual([]);
  });

  it.each(fixturesIn('ok').filter((name) => isWhole('ok', name)))('finds nothing in the sound %s', (name) => {
    expect(findingsIn(mainOf('ok', name))).toEqual([]);
  });
});

/** Whether the compiler can read the file as YAML, so that it judges its shape; two of the syntax can be shape to others. */
const isOfShape = (group: string, name: string): boolean =>
  compileFixture(group, name).diagnostics.some(({ code }) => /^GW(?!0)|^GW001[01]/.test(code));

/** Fixtures whose fault is of shape, so that an editor can know of it, with the paths that it underlines. */
const FAULTY = ['err', 'realistic', 'mixed'].flatMap((group) =>
  fixturesIn(group)
    .filter((name) => isWhole(group, name) && !/^GW6/.test(name))
    .flatMap((name) => {
      const paths = findingsIn(mainOf(group, name)) ?? [];
      return paths.length === 0 || !isOfShape(group, name) ? [] : [{ group, name, paths }];
    }),
);

const lineOf = ({ group, name, paths }: (typeof FAULTY)[number]): string =>
  `${group}/${name}: ${paths.map((path) => path || '/').join(' ')}\n`;

describe('in a file whose fault is of shape an editor', () => {
  it('finds as much in fifty files and more', () => {
    expect(FAULTY.length).toBeGreaterThanOrEqual(50);
  });

  it('points at the places that are expected, and at no other', () => {
    const lines = FAULTY.map(lineOf).join('');
    if (UPDATE_GOLDENS) writeFileSync(EXPECTED, lines);
    expect(lines).toBe(readFileSync(EXPECTED, 'utf8'));
  });

  it.each(FAULTY)('points where the compiler does: $group/$name', ({ group, name, paths }) => {
    const { diagnostics, placeOf } = compileFixture(group, name);
    const told = new Set(diagnostics.map(({ span }) => span.line));
    const shown = paths.map((path) => {
      const steps = path.split('/').slice(1);
      for (let length = steps.length; length > 0; length--) {
        const place = placeOf(steps.slice(0, length));
        if (place) return place.line;
      }
      return 1;
    });
    // A value may begin on the line below its key.
    expect(shown.some((line) => told.has(line) || told.has(line + 1))).toBe(true);
  });
});
