import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { compile } from '../../compiler/compile.ts';
import { isReference } from '../../schema/graph/graph.ts';
import { compileFixture, expectGolden, FIXTURES, fixturesIn, renderFixture } from './fixture.ts';

describe.each(fixturesIn('err'))('the faulty configuration %s', (name) => {
  const code = name.slice(0, 'GW0000'.length);

  it('gets its own finding and no other', () => {
    const { diagnostics } = compileFixture('err', name);
    expect([...new Set(diagnostics.map((diagnostic) => diagnostic.code))]).toEqual([code]);
  });

  it('is not compiled, unless it is only warned of', () => {
    const { compiled, diagnostics } = compileFixture('err', name);
    const isFaulty = diagnostics.some(({ severity }) => severity === 'error');
    expect(compiled === undefined).toBe(isFaulty);
  });

  it('is reported as people shall read it', () => {
    expectGolden(join(FIXTURES, 'err', name, 'expected.txt'), renderFixture('err', name));
  });
});

describe.each(fixturesIn('ok'))('the sound configuration %s', (name) => {
  it('is compiled without a word', () => {
    const { compiled, diagnostics } = compileFixture('ok', name);
    expect(diagnostics).toEqual([]);
    expect(compiled?.hash).toMatch(/^[0-9a-f]{64}$/);
  });
});

const graphFile = (name: string) => join(FIXTURES, 'ok', name, 'expected.graph.json');

describe.each(fixturesIn('ok').filter((name) => existsSync(graphFile(name))))('the graph of %s', (name) => {
  it('is what is expected', () => {
    const { compiled } = compileFixture('ok', name);
    expectGolden(graphFile(name), `${JSON.stringify(compiled, null, 2)}\n`);
  });
});

describe('the graph', () => {
  it('is frozen throughout', () => {
    const { compiled } = compileFixture('ok', 'everything');
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      expect(Object.isFrozen(value)).toBe(true);
      Object.values(value).forEach(visit);
    };
    visit(compiled?.graph);
  });

  it('says of each reference which field of gateway.yaml it stands in, however the file is laid out', () => {
    const compileText = (text: string) =>
      compile({
        main: 'gateway.yaml',
        read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : undefined),
      });
    const text = readFileSync(join(FIXTURES, 'ok', 'references', 'gateway.yaml'), 'utf8');
    const compiled = compileText(text).compiled!;
    const paths = [...JSON.stringify(compiled.graph).matchAll(/"path":"(upstreams[^"]*)"/g)];
    expect(paths.length).toBeGreaterThan(3);
    const data = parse(text) as object;
    for (const [, path] of paths) {
      const value = path!.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], data);
      expect(JSON.stringify(value)).toMatch(/\$\{(env|file):/);
    }
    expect(compileText(stringify(data, { collectionStyle: 'flow' })).compiled!.hash).toBe(compiled.hash);
  });

  it('holds references as they are written, and no resolved value', () => {
    const { compiled } = compileFixture('ok', 'everything');
    const upstream = compiled?.graph.upstreams.remote;
    expect(isReference(upstream?.type === 'http' && upstream.bearerToken)).toBe(true);
    expect(readFileSync(join(FIXTURES, 'ok', 'everything', 'gateway.yaml'), 'utf8')).toContain(
      '${env:REMOTE_TOKEN}',
    );
  });
});
