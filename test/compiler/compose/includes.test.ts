import { describe, expect, it } from 'vitest';
import { applyFixes } from '../../../compiler/diagnostics/apply-fixes.ts';
import { isReference } from '../../../schema/graph/graph.ts';
import { compileInMemory, type FilesInMemory, findingsOf } from './files-in-memory.ts';

const LISTENERS = `listeners:
  main: { bind: 127.0.0.1:8080 }
`;
const SERVERS = `servers:
  tools:
    at: [{ listener: main }]
    anonymous: true
    expose: [{ upstream: files }]
`;
const UPSTREAMS = `upstreams:
  files: { type: stdio, command: [mcp-server-filesystem, /data] }
`;
const WHOLE = `version: 1\n${LISTENERS}${SERVERS}${UPSTREAMS}`;

const main = (include: string, rest: string): string => `version: 1\ninclude: [${include}]\n${rest}`;

const hashOf = (files: FilesInMemory, at?: string): string | undefined => {
  const result = compileInMemory(files, at === undefined ? {} : { main: at });
  expect(findingsOf(result)).toEqual([]);
  return result.compiled?.hash;
};

describe('include', () => {
  it('makes of several files what one file would be', () => {
    const parts = {
      'gateway.yaml': main('./gateway.d/*.yaml, ./servers.yaml', LISTENERS),
      'gateway.d/upstreams.yaml': UPSTREAMS,
      'servers.yaml': `version: 1\n${SERVERS}`,
    };
    expect(hashOf(parts)).toBe(hashOf({ 'gateway.yaml': WHOLE }));
  });

  it('joins sections entry by entry', () => {
    const more = '  more: { type: stdio, command: [more] }\n';
    const expose = SERVERS.replace('[{ upstream: files }]', '[{ upstream: files }, { upstream: more }]');
    const parts = {
      'gateway.yaml': main('./a.yaml', LISTENERS + expose + UPSTREAMS),
      'a.yaml': `upstreams:\n${more}telemetry: { log: { level: warn } }\n`,
    };
    const whole = `version: 1\n${LISTENERS}${expose}${UPSTREAMS}${more}telemetry: { log: { level: warn } }\n`;
    expect(hashOf(parts)).toBe(hashOf({ 'gateway.yaml': whole }));
  });

  it('reads each file once, files of a glob by path, and names them all', () => {
    const result = compileInMemory(
      {
        'conf/gateway.yaml': main('./d/*.yaml, ./d/b.yaml', LISTENERS + SERVERS),
        'conf/d/b.yaml': 'limits: {}\n',
        'conf/d/a.yaml': 'include: [./e/*.yaml, ./b.yaml]\n',
        'conf/d/.hidden.yaml': 'nonsense: 1\n',
        'conf/d/notes.txt': 'nonsense',
        'conf/d/folder.yaml/x': 'nonsense',
        'conf/d/e/upstreams.yaml': UPSTREAMS,
      },
      { main: 'conf/gateway.yaml' },
    );
    expect(findingsOf(result)).toEqual([]);
    expect(result.sources.map(({ path, isFolder }) => (isFolder ? `${path}/` : path))).toEqual([
      'conf/gateway.yaml',
      'conf/d/',
      'conf/d/a.yaml',
      'conf/d/e/',
      'conf/d/e/upstreams.yaml',
      'conf/d/b.yaml',
      'conf/gateway.lock',
    ]);
    expect(result.compiled?.sources.map(({ path }) => path)).toEqual([
      'd/a.yaml',
      'd/b.yaml',
      'd/e/upstreams.yaml',
      'gateway.yaml',
    ]);
  });

  it('takes a star for a part of one name, in folders too', () => {
    const files = {
      'gateway.yaml': main('./teams/*/gate*.yaml', LISTENERS + SERVERS),
      'teams/a/gateway.yaml': UPSTREAMS,
      'teams/a/other.yaml': 'nonsense: 1\n',
      'teams/a/deep/gateway.yaml': 'nonsense: 1\n',
      'teams/gateway.yaml': 'nonsense: 1\n',
    };
    expect(findingsOf(compileInMemory(files))).toEqual([]);
    expect(
      findingsOf(
        compileInMemory({ ...files, 'gateway.yaml': main('./teams/*/gateway.yaml', LISTENERS + SERVERS) }),
      ),
    ).toEqual([]);
  });

  it('passes over the file that a glob stands in', () => {
    expect(
      findingsOf(
        compileInMemory(
          { 'gateway.yaml': main('./*.yaml', LISTENERS + SERVERS), 'a.yaml': UPSTREAMS },
          { main: './gateway.yaml' },
        ),
      ),
    ).toEqual([]);
  });

  it('names the file where a path of an included file leads, from that file on', () => {
    const keyed = SERVERS.replace('anonymous: true', 'identity: [robots]');
    const token = 'credentials: { type: bearer, token: "a$$b ${file:./token} ${env:X} ${file:/run/t}" }';
    const { compiled, diagnostics } = compileInMemory(
      {
        'conf/gateway.yaml': main('./d/*.yaml', LISTENERS + keyed),
        'conf/d/a.yaml': `identity:\n  robots: { type: api-key, keysFile: ./keys/keys.yaml }\nupstreams:\n  files: { type: http, endpoints: [https://a.example/mcp], ${token} }\n`,
        'conf/d/keys/keys.yaml': 'keys: []\n',
      },
      { main: 'conf/gateway.yaml' },
    );
    expect(diagnostics).toEqual([]);
    expect(compiled?.sources.map(({ path }) => path)).toContain('d/keys/keys.yaml');
    const upstream = compiled?.graph.upstreams.files;
    const reference = upstream?.type === 'http' ? upstream.bearerToken : undefined;
    expect(isReference(reference) && reference.$reference).toBe(
      'a$$b ${file:d/token} ${env:X} ${file:/run/t}',
    );
  });

  it('points into the included file, where fixes and comments work too', () => {
    const parts = {
      'gateway.yaml': main(
        './a.yaml',
        LISTENERS.replace('127.0.0.1:8080', '0.0.0.0:80, url: "https://a.example"') + UPSTREAMS,
      ),
      'a.yaml': SERVERS.replace('upstream: files', 'upstream: fiels'),
    };
    const result = compileInMemory(parts);
    expect(findingsOf(result)).toEqual(['error GW4001 a.yaml:4:5', 'error GW2003 a.yaml:5:26']);
    const mended = applyFixes('a.yaml', parts['a.yaml'], result.diagnostics, 'maybe').text;
    expect(mended).toContain('upstream: files');
    const ignoring = mended.replace('    anonymous', '    # gatewright-ignore GW4001: a test\n    anonymous');
    expect(findingsOf(compileInMemory({ ...parts, 'a.yaml': ignoring }))).toEqual([]);
  });

  it('refuses what two files give, and says so once for each', () => {
    const parts = {
      'gateway.yaml': main('./a.yaml', LISTENERS + SERVERS + UPSTREAMS),
      'a.yaml': `version: 2\nname: a\nsealing: { keys: [] }\n${UPSTREAMS}servers: []\n`,
    };
    expect(findingsOf(compileInMemory(parts))).toEqual([
      'error GW0033 a.yaml:1:1',
      'error GW0033 a.yaml:5:3',
      'error GW0033 a.yaml:6:1',
    ]);
  });

  it('reports a missing file at the place that names it, and nothing that follows from it', () => {
    expect(findingsOf(compileInMemory({ 'gateway.yaml': main('./none.yaml', LISTENERS + SERVERS) }))).toEqual(
      ['error GW0001 gateway.yaml:2:11'],
    );
  });

  it('reports what is no YAML in every file, and nothing that follows from it', () => {
    const broken = {
      'gateway.yaml': main('./a.yaml, ./b.yaml', LISTENERS + SERVERS),
      'a.yaml': 'a: [\n',
      'b.yaml': '',
    };
    expect(findingsOf(compileInMemory(broken))).toEqual([
      'error GW0004 a.yaml:1:5',
      'error GW0002 b.yaml:1:1',
    ]);
  });

  it('tells the shape of an entry that is none, in whichever file', () => {
    const at = (include: string) =>
      findingsOf(
        compileInMemory({
          'gateway.yaml': main('./a.yaml', LISTENERS + SERVERS + UPSTREAMS),
          'a.yaml': `include: ${include}\n`,
        }),
      );
    expect(at('./b.yaml')).toEqual(['error GW1003 a.yaml:1:10']);
    expect(at('[7]')).toEqual(['error GW1003 a.yaml:1:11']);
    expect(at('["${env:X}"]')).toEqual(['error GW3031 a.yaml:1:11']);
  });

  it('refuses a way back to a file that is being read, with the whole way', () => {
    const { diagnostics } = compileInMemory({
      'gateway.yaml': main('./d/a.yaml', LISTENERS + SERVERS + UPSTREAMS),
      'd/a.yaml': 'include: [./b.yaml]\n',
      'd/b.yaml': 'include: [../gateway.yaml, ./*.yaml]\n',
    });
    expect(diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'GW0030 `gateway.yaml` includes itself by way of `d/a.yaml`, `d/b.yaml`',
      'GW0030 `d/a.yaml` includes itself by way of `d/b.yaml`',
    ]);
    expect(diagnostics[0]!.labels.map(({ span }) => `${span.file}:${span.line}`)).toEqual([
      'gateway.yaml:2',
      'd/a.yaml:1',
    ]);
  });

  it.each([
    '../up.yaml',
    './d/../../up.yaml',
    '/etc/up.yaml',
    'https://example.org/up.yaml',
    './**/a.yaml',
    '""',
    './d/',
    '.',
    '"./a\\0.yaml"',
    "'.\\..\\up.yaml'",
  ])('never leaves the folder of the main file: %s', (path) => {
    const asked: string[] = [];
    const files: FilesInMemory = {
      'conf/gateway.yaml': main(path, LISTENERS + SERVERS + UPSTREAMS),
      'conf/d/a.yaml': 'limits: {}\n',
    };
    const spied = new Proxy(files, {
      getOwnPropertyDescriptor: (target, key) => {
        asked.push(String(key));
        return Object.getOwnPropertyDescriptor(target, key);
      },
    });
    const result = compileInMemory(spied, { main: 'conf/gateway.yaml' });
    expect(findingsOf(result)).toEqual(['error GW0031 conf/gateway.yaml:2:11']);
    expect(asked.filter((key) => !key.startsWith('conf/'))).toEqual([]);
  });

  it('is read without end by no chain of files', () => {
    const files = Object.fromEntries(
      Array.from({ length: 1_200 }, (_, index) => [`f${index}.yaml`, `include: [./f${index + 1}.yaml]\n`]),
    );
    const result = compileInMemory({ ...files, 'gateway.yaml': main('./f0.yaml', WHOLE.slice(11)) });
    expect(findingsOf(result)).toEqual([expect.stringMatching(/^error GW0018 f\d+\.yaml:1:11$/)]);
  });
});
