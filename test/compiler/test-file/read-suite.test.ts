import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCoverage } from '../../../compiler/test-file/coverage.ts';
import { readSuite } from '../../../compiler/test-file/read-suite.ts';
import { runSuite } from '../../../compiler/test-file/run-suite.ts';
import { ROOT } from '../../support/source-file.ts';
import { compileFixture } from '../fixture.ts';

const { compiled } = compileFixture('ok', 'GW1040-unknown-name-in-a-test');
const graph = compiled!.graph;
const TEXT = `${readFileSync(join(ROOT, 'test/fixtures/ok/GW1043-test-of-what-is-not-there/gateway.test.yaml'), 'utf8')}
  - { name: lists, as: ann, list: tools, from: 10.0.0.1, headers: { x-a: b }, clock: 2026-01-01T00:00:00Z, expect: { tools: [] } }
`;

const read = (text: string) => readSuite('a.test.yaml', Buffer.from(text), { graph, lock: undefined });

/** Something done to a text at a place from 0 to 1. */
const mutations = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat({ max: 20 }),
    put: fc.oneof(
      fc.constantFrom(
        '',
        '{',
        ']',
        ': ',
        '\n',
        '__proto__',
        'constructor',
        '${env:A}',
        '&a ',
        '*a',
        '\t',
        '!!',
        '"',
      ),
      fc.string({ maxLength: 5 }),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

describe('a file of tests', () => {
  it('is read, or refused with a finding, whatever is done to it; and what is read can be run', () => {
    fc.assert(
      fc.property(mutations, (changes) => {
        let text = TEXT;
        for (const { at, cut, put } of changes) {
          const start = Math.floor(at * text.length);
          text = text.slice(0, start) + put + text.slice(start + cut);
        }
        const { suite, diagnostics } = read(text);
        const hasErrors = diagnostics.some(({ severity }) => severity === 'error');
        expect(suite === undefined).toBe(hasErrors);
        if (suite === undefined) return;
        const { results } = runSuite(
          suite,
          graph,
          () => true,
          createCoverage(graph, () => true),
        );
        expect(results).toHaveLength(suite.cases.length);
      }),
      { numRuns: 500 },
    );
  });

  it('can name nothing that every object has', () => {
    for (const name of ['constructor', 'toString', '__proto__'])
      for (const field of ['as', 'server', 'listener'])
        expect(
          read(`cases:\n  - { name: a, ${field}: ${name}, call: read_file, expect: { allow: true } }\n`)
            .diagnostics,
          `${field}: ${name}`,
        ).toMatchObject([{ code: 'GW1040' }]);
  });

  it('is judged by the configuration that it is read with, and not changed by being run', () => {
    const { suite } = read(TEXT);
    const run = () =>
      runSuite(
        suite!,
        graph,
        () => true,
        createCoverage(graph, () => true),
      ).results;
    expect(JSON.stringify(run())).toBe(JSON.stringify(run()));
    expect(run().map(({ failures }) => failures.length)).toEqual([0, 0, 1]);
  });
});
