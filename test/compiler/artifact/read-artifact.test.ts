import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emitArtifact } from '../../../compiler/emit/artifact.ts';
import { compileFixture, fixturesIn } from '../fixture.ts';
import { artifactOf, edited, forged, readText } from './artifact-text.ts';

const ARTIFACT = artifactOf('everything');

const codesOf = (text: string): readonly string[] => {
  const { compiled, diagnostics } = readText(text);
  expect(compiled).toBeUndefined();
  return diagnostics.map(({ code }) => code);
};

const configurations = fixturesIn('ok').filter((name) => !/^GW6/.test(name));

describe.each(configurations)('the artifact of %s', (name) => {
  it('is read as the graph that was compiled, with the same places', () => {
    const before = compileFixture('ok', name);
    const after = readText(artifactOf(name));
    expect(after.diagnostics).toEqual([]);
    expect(after.compiled).toEqual(before.compiled);
    const { file, line, column } = before.placeOf(['servers'])!;
    expect(after.placeOf(['servers'])).toMatchObject({ file, line, column });
  });

  it('is written as the same bytes once it is read', () => {
    const { compiled, places } = readText(artifactOf(name));
    const again = emitArtifact({ compiled: compiled!, places: places(), compilerVersion: '0.1.0' });
    expect(again).toBe(artifactOf(name));
  });
});

describe('an artifact', () => {
  it('is frozen throughout', () => {
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      expect(Object.isFrozen(value)).toBe(true);
      Object.values(value).forEach(visit);
    };
    visit(readText(ARTIFACT).compiled?.graph);
  });

  it('names the variables and files that are referred to, and none of their values', () => {
    const { references } = JSON.parse(artifactOf('references'));
    expect(references.env.length).toBeGreaterThan(0);
    expect(references.env).toEqual(references.env.toSorted());
    expect(references.files.length).toBeGreaterThan(0);
  });

  it('is refused wherever it is cut off', () => {
    for (let length = 30; length < ARTIFACT.length; length += 97)
      expect(codesOf(ARTIFACT.slice(0, length))).not.toEqual([]);
  });

  it.each([1_000_000_000, 2, 0, -1])('of the format %d is refused as such', (formatVersion) => {
    expect(codesOf(edited(ARTIFACT, (artifact) => void Object.assign(artifact, { formatVersion })))).toEqual([
      'GW6000',
    ]);
  });

  it('with a graph of another format is refused as such', () => {
    expect(codesOf(forged(ARTIFACT, (graph) => void Object.assign(graph, { formatVersion: 2 })))).toEqual([
      'GW6000',
    ]);
  });

  it('of a format that is no number is refused for its shape', () => {
    const text = edited(ARTIFACT, (artifact) => void Object.assign(artifact, { formatVersion: '1' }));
    expect(codesOf(text)).toEqual(['GW6004']);
  });

  it('that nests without end is refused and ends nothing', () => {
    const deep = ARTIFACT.replace(
      '"graph":{',
      () => `"graph":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)},"x":{`,
    );
    expect(codesOf(deep)).toEqual(['GW0018']);
    expect(codesOf(ARTIFACT.replace('"graph":{', `"graph":${'['.repeat(500_000)}`))).toEqual(['GW6001']);
  });

  it('with a key twice is refused, however it is spelt', () => {
    expect(codesOf(ARTIFACT.replace('"formatVersion":1', '"formatVersion":1,"formatVersion":1'))).toEqual([
      'GW6003',
    ]);
    expect(codesOf(ARTIFACT.replace('"profile":', '"profi\\u006ce":"development","profile":'))).toEqual([
      'GW6003',
    ]);
  });

  it('with a key that reaches for the prototype is refused and changes no prototype', () => {
    const inGraph = ARTIFACT.replace('"graph":{', '"graph":{"__proto__":{"anonymous":true},');
    expect(codesOf(inGraph)).toEqual(['GW6004']);
    const asName = ARTIFACT.replace('"servers":{', '"servers":{"__proto__":{"kind":"server"},');
    expect(codesOf(asName)).toEqual(['GW6004']);
    expect(({} as { anonymous?: boolean }).anonymous).toBeUndefined();
  });

  it.each([
    ['sources', null],
    ['sources', [{ path: 'gateway.yaml' }]],
    ['places', { '/servers': 'gateway.yaml' }],
    ['places', { '/servers': 5 }],
    ['fingerprints', { 'server:x': 'abc' }],
    ['compilerVersion', 1],
    ['references', { env: [1], files: [] }],
    ['graph', []],
    ['hash', ['0'.repeat(64)]],
    ['extra', 1],
  ])('with `%s` as %j is refused for its shape', (member, value) => {
    expect(
      codesOf(edited(ARTIFACT, (artifact) => void Object.assign(artifact, { [member]: value }))),
    ).toEqual(['GW6004']);
  });

  it.each(['compilerVersion', 'fingerprints', 'graph', 'hash', 'places', 'references', 'sources'])(
    'without `%s` is refused for its shape',
    (member) => {
      expect(codesOf(edited(ARTIFACT, (artifact) => void delete artifact[member]))).toEqual(['GW6004']);
    },
  );

  it.each(['', 'principal.roles[', 'nobody.there == 1 &&', `${'('.repeat(8000)}true`, 5])(
    'of somebody who knows the format is refused where a policy asks for %j',
    (expression) => {
      const text = forged(ARTIFACT, ({ policies }) => {
        const cel = Object.values(policies!).find(({ type }) => (type as unknown) === 'cel')!;
        Object.assign(cel, { expression });
      });
      expect(codesOf(text)).toEqual(['GW6004']);
    },
  );

  it('whose variables are not those of its graph is refused', () => {
    const text = edited(
      ARTIFACT,
      (artifact) => void Object.assign(artifact, { references: { env: [], files: [] } }),
    );
    expect(codesOf(text)).toEqual(['GW6005']);
  });

  it('that is too large is refused', () => {
    expect(codesOf(`${ARTIFACT.trimEnd()}${' '.repeat(17 * 1024 * 1024)}\n`)).toEqual(['GW0018']);
  });

  it('serves no other graph, whichever of its bits is flipped', () => {
    const bytes = Buffer.from(ARTIFACT);
    const graph = readText(ARTIFACT).compiled!.graph;
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (index, bit) => {
        const flipped = Buffer.from(bytes);
        flipped[index]! ^= 1 << bit;
        const { compiled, diagnostics } = readText(flipped.toString('latin1'));
        if (compiled === undefined) expect(diagnostics.length).toBeGreaterThan(0);
        else expect(compiled.graph).toEqual(graph);
      }),
      { numRuns: 300 },
    );
  });

  it('never ends the program, whatever a forger puts anywhere into its graph', () => {
    const paths: (readonly string[])[] = [];
    const visit = (value: unknown, path: readonly string[]): void => {
      paths.push(path);
      if (typeof value !== 'object' || value === null) return;
      for (const [key, member] of Object.entries(value)) visit(member, [...path, key]);
    };
    visit(readText(ARTIFACT).compiled!.graph, []);
    fc.assert(
      fc.property(fc.constantFrom(...paths.slice(1)), fc.json({ maxDepth: 3 }), (path, json) => {
        const text = forged(ARTIFACT, (graph) => {
          const parent = path.slice(0, -1).reduce((at, key) => at[key] as typeof graph, graph);
          Object.defineProperty(parent, path.at(-1)!, {
            value: JSON.parse(json),
            enumerable: true,
            configurable: true,
            writable: true,
          });
        });
        const { compiled, diagnostics } = readText(text);
        expect(diagnostics.length > 0).toBe(compiled === undefined);
      }),
      { numRuns: 300 },
    );
  });
});
