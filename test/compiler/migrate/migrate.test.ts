import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lexer, parse } from 'yaml';
import { compile } from '../../../compiler/compile.ts';
import { migrate } from '../../../compiler/migrate/migrate.ts';
import { FIXTURES, fixturesIn, readerOf } from '../fixture.ts';

const migrated = (text: string): string => {
  const result = migrate('gateway.yaml', text);
  if (result.kind !== 'migrated') throw new Error(JSON.stringify(result));
  return result.text;
};

const commentsIn = (text: string): readonly string[] =>
  [...new Lexer().lex(text)].filter((token) => token.startsWith('#'));

const OLD = `# a gateway, as somebody wrote it
version: "1"   # of the language
listen:
  main: { Bind: 127.0.0.1:8080, trusted_proxies: [10.0.0.1] } # where
identity_providers:
  robots: { type: api_key, keys-file: ./keys.yaml }
virtual_servers:
  my_server:
    at: [{ listener: main }]
    identity: [robots]
    expose:
      - upstream: my_upstream # one
        Tools: { ALLOW: [read_*] }
    limits: [fair_use]
upstreams:
  my_upstream:
    type: STDIO
    command: [x, call_timeout]
    env: { call_timeout: "1" }
rate_limits:
  fair_use: { type: rate, rate: 600/m }
`;

const NEW = `# a gateway, as somebody wrote it
version: 1   # of the language
listeners:
  main: { bind: 127.0.0.1:8080, trustedProxies: [10.0.0.1] } # where
identity:
  robots: { type: api-key, keysFile: ./keys.yaml }
servers:
  my_server:
    at: [{ listener: main }]
    identity: [robots]
    expose:
      - upstream: my_upstream # one
        tools: { allow: [read_*] }
    limits: [fair_use]
upstreams:
  my_upstream:
    type: stdio
    command: [x, call_timeout]
    env: { call_timeout: "1" }
limits:
  fair_use: { type: rate, rate: 600/m }
`;

describe('a migration', () => {
  it('changes spellings, however deep, and neither names, values, comments nor layout', () => {
    expect(migrated(OLD)).toBe(NEW);
  });

  it('tells each change with its line', () => {
    const result = migrate('gateway.yaml', OLD);
    const changes = result.kind === 'migrated' ? result.changes : [];
    expect(changes).toContainEqual({ line: 2, before: '"1"', after: '1' });
    expect(changes).toContainEqual({ line: 6, before: 'api_key', after: 'api-key' });
    expect(changes).toContainEqual({ line: 13, before: 'ALLOW', after: 'allow' });
    expect(changes).toHaveLength(12);
  });

  it.each(['"1"', "'1'", '1.0', 'v1', 'V1', '"1.0"', '01'])(
    'writes the version %s as the number 1',
    (version) => {
      expect(migrated(`version: ${version} # v\nname: a\n`)).toBe('version: 1 # v\nname: a\n');
    },
  );

  it.each(['2', '"2"', 'v3', '2.0'])('refuses the version %s, which is newer than it', (version) => {
    const result = migrate('gateway.yaml', `version: ${version}\nlisten: {}\n`);
    expect(result.kind).toBe('refused');
    expect(result.kind === 'refused' && result.reason).toMatch(/knows versions up to 1: use a newer one/);
  });

  it.each(['latest', '1.5', '[1]', '', '-1', '${env:V}'])('refuses %j for a version', (version) => {
    expect(migrate('gateway.yaml', `version: ${version}\n`)).toEqual({
      kind: 'refused',
      reason: '`version` is no version of the language',
    });
  });

  it('leaves a key alone whose right spelling is there too, or whose value is of another kind', () => {
    for (const text of [
      'version: 1\nlisten: {}\nlisteners: {}\n',
      'version: 1\nlisten: 127.0.0.1:8080\n',
      'version: 1\nreload: { max_generations: 3, maxGenerations: 4 }\n',
      'version: 1\nbackends: {}\nupstream: {}\nupstreams: {}\n',
    ])
      expect(migrated(text)).toBe(text);
    expect(migrated('version: 1\nbackends: {}\nupstream: {}\n')).toBe(
      'version: 1\nupstreams: {}\nupstream: {}\n',
    );
  });

  it('changes once what an alias stands for several times', () => {
    const text = 'version: 1\nlisteners:\n  a: &a { Bind: 127.0.0.1:1 }\n  b: *a\n';
    expect(migrated(text)).toBe(text.replace('Bind', 'bind'));
  });

  it('refuses what is no YAML, with the findings', () => {
    expect(migrate('gateway.yaml', 'a: [\n')).toMatchObject({
      kind: 'faulty',
      diagnostics: [{ code: 'GW0004' }],
    });
  });

  it.each(fixturesIn('ok').filter((name) => readerOf(join(FIXTURES, 'ok', name))('gateway.yaml')))(
    'has nothing to do in %s',
    (name) => {
      const text = readerOf(join(FIXTURES, 'ok', name))('gateway.yaml')!
        .toString('utf8')
        .replace('\ufeff', '');
      expect(migrated(text)).toBe(text);
    },
  );

  it('takes back every other spelling of a key, and is done then', () => {
    const folder = join(FIXTURES, 'ok', 'everything');
    const text = readFileSync(join(folder, 'gateway.yaml'), 'utf8');
    const hashOf = (main: string) =>
      compile({
        main: 'gateway.yaml',
        read: (path) => (path === 'gateway.yaml' ? Buffer.from(main) : readerOf(folder)(path)),
      }).compiled?.hash;
    const expected = hashOf(text);
    expect(expected).toBeDefined();
    const camel = [
      ...new Set([...text.matchAll(/(?<=[\s{])([a-z]+[A-Z]\w*)(?=:\s)/g)].map(([word]) => word)),
    ];
    expect(camel.length).toBeGreaterThan(25);
    const spellings = {
      snake: (word: string) => word.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      kebab: (word: string) => word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      upper: (word: string) => word.toUpperCase(),
      quoted: (word: string) => `"${word.toLowerCase()}"`,
    };
    const choice = fc.array(
      fc.tuple(fc.constantFrom(...camel), fc.constantFrom(...Object.values(spellings))),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(choice, (chosen) => {
        let other = text;
        for (const [word, spell] of new Map(chosen))
          other = other.replace(new RegExp(`(?<=[\\s{])${word}(?=:\\s)`, 'g'), () => spell(word));
        const result = migrated(other);
        expect(hashOf(result)).toBe(expected);
        expect(parse(result)).toEqual(parse(text));
        expect(commentsIn(result)).toEqual(commentsIn(text));
        expect(migrated(result)).toBe(result);
      }),
      { numRuns: 15 },
    );
  });
});
