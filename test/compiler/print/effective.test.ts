import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type CompileResult, compile } from '../../../compiler/compile.ts';
import { effectiveOf } from '../../../compiler/print/effective.ts';
import { renderEffectiveJson } from '../../../compiler/print/render-json.ts';
import { renderYaml } from '../../../compiler/print/render-yaml.ts';
import { compileInMemory, type FilesInMemory, findingsOf } from '../compose/files-in-memory.ts';
import { compileFixture, FIXTURES, fixturesIn, readerOf } from '../fixture.ts';

const effective = ({ composed }: CompileResult) => effectiveOf(composed!.config, composed!.trace);

const printed = (result: CompileResult): string => renderYaml(effective(result), { origin: false });
const printedWithOrigins = (result: CompileResult): string => renderYaml(effective(result), { origin: true });

const errorsOf = ({ diagnostics }: CompileResult) =>
  diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message }) => `${code} ${message}`);

/** What is printed compiles to the same graph, with or without origins, as YAML and as JSON, and prints the same. */
const expectSame = (result: CompileResult, compileAgain: (text: string) => CompileResult): void => {
  expect(errorsOf(result)).toEqual([]);
  const json = renderEffectiveJson(effective(result), { origin: false });
  for (const text of [printed(result), printedWithOrigins(result), json]) {
    const again = compileAgain(text);
    expect(errorsOf(again)).toEqual([]);
    expect(again.compiled?.hash).toBe(result.compiled?.hash);
    expect(printed(again)).toBe(printed(result));
  }
};

const expectSameOf = (
  files: FilesInMemory,
  options: { main?: string; overlays?: readonly string[] } = {},
): CompileResult => {
  const { main = 'gateway.yaml' } = options;
  const result = compileInMemory(files, options);
  expectSame(result, (text) => compileInMemory({ ...files, [main]: text }, { main }));
  return result;
};

/** Comments are not printed, so that what they ignore is found again. */
const isCommented = (name: string): boolean =>
  readerOf(join(FIXTURES, 'ok', name))('gateway.yaml')?.includes('gatewright-ignore') === true;

const BASE = `version: 1
listeners:
  main: { bind: 127.0.0.1:8080 }
servers:
  tools:
    at: [{ listener: main }, { listener: main, path: /more }]
    anonymous: true
    expose: [{ upstream: files }]
    limits: [fair]
upstreams:
  files: { type: stdio, command: [mcp-server-filesystem, /data], env: { A: "1" } }
limits:
  fair: { type: rate, rate: 600/m }
`;

describe('the effective configuration', () => {
  it.each(fixturesIn('ok').filter((name) => compileFixture('ok', name).composed && !isCommented(name)))(
    'of %s is a configuration with the same graph',
    (name) => {
      const read = readerOf(join(FIXTURES, 'ok', name));
      expectSame(compileFixture('ok', name), (text) =>
        compile({
          main: 'gateway.yaml',
          read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : read(path)),
        }),
      );
    },
  );

  it('of texts that YAML or references would take for something else is a configuration with the same graph', () => {
    const hard = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc
        .array(
          fc.constantFrom(
            '$',
            '{',
            '}',
            '$$',
            '${',
            'yes',
            '0777',
            '#',
            ': ',
            '- ',
            '"',
            "'",
            '\n',
            ' ',
            '&a',
            '*',
            '!',
            '|',
            '\t',
            'é',
            '🙂',
            '~',
            'null',
            '1',
            '.5',
            '\\',
            '%',
            '@',
            '`',
            '{{',
            '[',
          ),
          { maxLength: 6 },
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(hard, hard, (text, other) => {
        const escaped = (each: string) => each.replaceAll('$', '$$$$');
        const configuration = parse(BASE);
        configuration.servers.tools.instructions = escaped(text);
        configuration.upstreams.files.command = ['x', escaped(other)];
        const files = { 'gateway.yaml': JSON.stringify(configuration) };
        const result = compileInMemory(files);
        fc.pre(result.compiled !== undefined);
        expect(result.compiled?.graph.servers.tools?.instructions).toBe(text);
        expectSameOf(files);
      }),
      { numRuns: 30 },
    );
  });

  it('names files from the main file on, whichever file names them', () => {
    const files = {
      'conf/gateway.yaml': `include: [./d/*.yaml]\n${BASE.replace('anonymous: true', 'identity: [robots]')}`,
      'conf/d/robots.yaml': 'identity: { robots: { type: api-key, keysFile: ./keys/keys.yaml } }\n',
      'conf/d/keys/keys.yaml': 'keys: []\n',
      'envs/prod.yaml': 'upstreams: { files: { env: { B: "${file:./b}" } } }\n',
    };
    const result = expectSameOf(files, { main: 'conf/gateway.yaml', overlays: ['envs/prod.yaml'] });
    expect(printed(result)).toContain('keysFile: d/keys/keys.yaml');
    expect(printed(result)).toContain('B: ${file:../envs/b}');
  });

  it('tells where each value comes from and what overlays did', () => {
    const files = {
      'gateway.yaml': `include: [./a.yaml]\n${BASE}`
        .replace('  fair: { type: rate, rate: 600/m }\n', '')
        .replace('limits:\n', ''),
      'a.yaml': 'limits:\n  fair: { type: rate, rate: 600/m }\nname: base\n',
      'o.yaml':
        'name: prod\nservers:\n  tools:\n    limits: []\n    expose: [{ upstream: files, prefix: f_ }]\nupstreams:\n  files:\n    command: [other]\n    env: null\n',
    };
    const lines = printedWithOrigins(expectSameOf(files, { overlays: ['o.yaml'] })).split('\n');
    expect(lines).toContain('# upstreams.files.env of gateway.yaml:12 is removed by o.yaml:9');
    expect(lines).toContain('version: 1 # gateway.yaml:2');
    expect(lines).toContain('# replaces a.yaml:3');
    expect(lines).toContain('name: prod # o.yaml:1');
    expect(lines).toContain('profile: production # default');
    expect(lines).toContain('    # merged with o.yaml:5 by upstream');
    expect(lines).toContain('        prefix: f_ # o.yaml:5');
    expect(lines).toContain('    # replaces gateway.yaml:10');
    expect(lines).toContain('    limits: [] # o.yaml:4');
    expect(lines).toContain('      - other # o.yaml:8');
    expect(lines).toContain('    rate: 600/m # a.yaml:2');
  });

  it('tells the same in JSON, by pointers', () => {
    const result = compileInMemory({
      'gateway.yaml': BASE.replace('upstream: files', 'upstream: files, tools: { rename: { "a/b~c": d } }'),
    });
    const told = JSON.parse(renderEffectiveJson(effective(result), { origin: true }));
    expect(told).toMatchObject({ formatVersion: 1, configuration: { version: 1 }, removed: [] });
    expect(told.origins['/listeners/main/bind']).toBe('gateway.yaml:3');
    expect(told.origins['/profile']).toBe('default');
    expect(told.origins['/servers/tools/expose/0/tools/rename/a~1b~0c']).toBe('gateway.yaml:8');
  });

  it('leaves out defaults that hold only where they are written', () => {
    const listener = (fields: string) =>
      compileInMemory({
        'gateway.yaml': BASE.replace('bind: 127.0.0.1:8080', `bind: 127.0.0.1:8080${fields}`),
      });
    expect(printed(listener(''))).not.toContain('    anonymous: false');
    const bare = printed(listener(', headers: { preset: none, cacheControl: no-store }'));
    expect(parse(bare).listeners.main.headers).toEqual({ preset: 'none', cacheControl: 'no-store' });
  });
});

describe('secrets in the effective configuration', () => {
  const upstream = (fields: string): string =>
    BASE.replace(/ {2}files:.*\n/, `  files: { type: http, ${fields} }\n`);
  const shown = (text: string): string => {
    const result = compileInMemory({ 'gateway.yaml': text });
    expect(findingsOf(result).filter((finding) => !/GW4/.test(finding))).toEqual([]);
    return `${printed(result)}${printedWithOrigins(result)}${renderEffectiveJson(effective(result), { origin: true })}`;
  };
  const URL = 'endpoints: [https://a.example/mcp]';

  it.each([
    [`${URL}, headers: { set: { x-api-key: "sk-ant-REDACT-0123456789abcdef" } }`, 'REDACT'],
    [`${URL}, headers: { set: { x-auth-token: "correct horse" } }`, 'correct horse'],
    [`${URL}, headers: { set: { x-api-key: "\${env:KEY:-sk-ant-REDACT-0123456789abcdef}" } }`, 'REDACT'],
    [`${URL}, headers: { set: { x-a: "ghp_REDACT0123456789012345678901234567" } }`, 'REDACT'],
  ])('are masked where they stand: %s', (fields, secret) => {
    const text = shown(upstream(fields));
    expect(text).not.toContain(secret);
    expect(text).toContain('***');
  });

  it('are masked in arguments and in URLs', () => {
    const text = shown(
      BASE.replace(
        '/data]',
        '"postgres://user:REDACT@db.example/x", "--token=ghp_REDACT0123456789012345678901234567"]',
      ),
    );
    expect(text).not.toContain('REDACT');
    expect(text).toContain('postgres://***@db.example/x');
  });

  it('are references as they are written, never resolved', () => {
    const text = shown(upstream(`${URL}, credentials: { type: bearer, token: "\${env:TOKEN}" }`));
    expect(text).toContain('token: ${env:TOKEN}');
  });
});
