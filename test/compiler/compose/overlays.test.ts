import { describe, expect, it } from 'vitest';
import type { CompileResult } from '../../../compiler/compile.ts';
import { isReference } from '../../../schema/graph/graph.ts';
import { compileInMemory, findingsOf } from './files-in-memory.ts';

const BASE = `version: 1
name: base
listeners:
  main: { bind: 127.0.0.1:8080 }
  more: { bind: 127.0.0.1:8081 }
servers:
  tools:
    at: [{ listener: main }, { listener: more, path: /tools }]
    anonymous: true
    expose:
      - { upstream: files, prefix: fs_, tools: { allow: [read_*, list_*] } }
      - { upstream: web }
    limits: [fair, big]
upstreams:
  files: { type: stdio, command: [mcp-server-filesystem, /data], env: { LEVEL: warn, MODE: a } }
  web: { type: http, endpoints: [https://a.example/mcp], timeouts: { connect: 2s, call: 1m } }
limits:
  fair: { type: rate, rate: 600/m }
  big: { type: bounds, resultBytes: 1MiB }
`;

const laid = (...overlays: string[]): CompileResult =>
  compileInMemory(
    { 'gateway.yaml': BASE, ...Object.fromEntries(overlays.map((text, index) => [`o${index}.yaml`, text])) },
    { overlays: overlays.map((_, index) => `o${index}.yaml`) },
  );

const hashOf = (result: CompileResult): string => {
  expect(result.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return result.compiled!.hash;
};

/** The base with one text in the place of another is what the overlays make of it. */
const expectSame = (from: string, to: string, ...overlays: string[]): void => {
  expect(BASE).toContain(from);
  expect(hashOf(laid(...overlays))).toBe(
    hashOf(compileInMemory({ 'gateway.yaml': BASE.replace(from, () => to) })),
  );
};

describe('an overlay', () => {
  it('changes single values, however deep, and leaves the rest', () => {
    expectSame('call: 1m', 'call: 5m', 'upstreams: { web: { timeouts: { call: 5m } } }\n');
    expectSame('name: base', 'name: prod', 'version: 1\nname: prod\n');
  });

  it('adds entries to sections, and keys to entries', () => {
    expectSame('LEVEL: warn', 'LEVEL: warn, EXTRA: "1"', 'upstreams: { files: { env: { EXTRA: "1" } } }\n');
    expectSame(
      'limits:\n  fair:',
      'policies: { p: { type: cel, deny: "false" } }\nlimits:\n  fair:',
      'policies: { p: { type: cel, deny: "false" } }\n',
    );
  });

  it('is one of several, the later over the earlier', () => {
    expectSame('name: base', 'name: c', 'name: b\n', 'name: c\n');
    expect(hashOf(laid('name: b\n', 'name: c\n'))).not.toBe(hashOf(laid('name: c\n', 'name: b\n')));
  });

  it('merges lists whose entries have a name by that name, in the order of the base, and adds the others', () => {
    expectSame('path: /tools', 'path: /x', 'servers: { tools: { at: [{ listener: more, path: /x }] } }\n');
    expectSame(
      '- { upstream: files, prefix: fs_,',
      '- { upstream: files, prefix: f_,',
      'servers: { tools: { expose: [{ upstream: files, prefix: f_ }] } }\n',
    );
    expectSame(
      'fair, big]\nupstreams:',
      'fair, big]\nupstreams:\n  new: { type: stdio, command: [new] }',
      'upstreams: { new: { type: stdio, command: [new] } }\n',
    );
    const servers = (expose: string) => `servers: { tools: { expose: [${expose}] } }\n`;
    const added = laid(
      'upstreams: { new: { type: stdio, command: [new] } }\n',
      servers('{ upstream: new }, { upstream: web, prompts: false }'),
    );
    hashOf(added);
    const exposed = added.compiled?.graph.servers.tools?.expose.map(({ upstream }) => upstream);
    expect(exposed).toEqual(['files', 'web', 'new']);
  });

  it('replaces every other list', () => {
    expectSame(
      '[read_*, list_*]',
      '[get_*]',
      'servers: { tools: { expose: [{ upstream: files, tools: { allow: [get_*] } }] } }\n',
    );
    expectSame('limits: [fair, big]', 'limits: [fair]', 'servers: { tools: { limits: [fair] } }\n');
    expectSame('[mcp-server-filesystem, /data]', '[other]', 'upstreams: { files: { command: [other] } }\n');
  });

  it('removes what it gives null to, and entries marked so', () => {
    expectSame(', MODE: a', '', 'upstreams: { files: { env: { MODE: null } } }\n');
    expectSame(
      ', { listener: more, path: /tools }',
      '',
      'servers: { tools: { at: [{ listener: more, $remove: true }] } }\n',
    );
    expectSame('    limits: [fair, big]\n', '', 'servers: { tools: { limits: ~ } }\n');
  });

  it('takes a key that nothing follows for the mistake that it is', () => {
    expect(findingsOf(laid('upstreams:\n  files:\n'))).toContain('error GW1013 o0.yaml:2:3');
  });

  it('replaces an entry that it gives another type to', () => {
    expectSame(
      '{ type: http, endpoints: [https://a.example/mcp], timeouts: { connect: 2s, call: 1m } }',
      '{ type: stdio, command: [mock] }',
      'upstreams: { web: { type: stdio, command: [mock] } }\n',
    );
  });

  it('may put one kind in the place of another only where the language has both', () => {
    expectSame(
      'tools: { allow: [read_*, list_*] }',
      'tools: false',
      'servers: { tools: { expose: [{ upstream: files, tools: false }] } }\n',
    );
    const { diagnostics } = laid(
      'servers: { tools: { expose: { upstream: files } } }\nlimits: [fair]\nname: { a: 1 }\n',
    );
    expect(
      diagnostics.map(({ code, span, labels }) => [
        code,
        span.line,
        labels[0]?.span.file,
        labels[0]?.span.line,
      ]),
    ).toEqual([
      ['GW2040', 1, 'gateway.yaml', 10],
      ['GW2040', 2, 'gateway.yaml', 17],
      ['GW2040', 3, 'gateway.yaml', 2],
    ]);
  });

  it('has the shape of its own places checked, and what is laid over is not told any more', () => {
    expect(findingsOf(laid('upstreams: { web: { timeuots: { call: 5m } } }\n'))).toEqual([
      'error GW1001 o0.yaml:1:21',
    ]);
    expect(findingsOf(laid('upstreams: { x: { type: http } }\n'))).toContain('error GW1002 o0.yaml:1:14');
    expect(findingsOf(laid('servers: { tools: { expose: [{ prefix: x }] } }\n'))).toEqual([
      'error GW1002 o0.yaml:1:32',
    ]);
    const broken = compileInMemory(
      {
        'gateway.yaml': BASE.replace('2s', '2'),
        'o.yaml': 'upstreams: { web: { timeouts: { connect: 3s } } }\n',
      },
      { overlays: ['o.yaml'] },
    );
    expect(findingsOf(broken)).toEqual([]);
  });

  it('removes nothing in silence', () => {
    expect(findingsOf(laid('upstreams: { wbe: null }\n'))).toEqual(['error GW2041 o0.yaml:1:14']);
    expect(findingsOf(laid('servers: { tools: { expose: [{ upstream: none, $remove: true }] } }\n'))).toEqual(
      ['error GW2041 o0.yaml:1:42'],
    );
    expect(findingsOf(laid('servers: { tools: { expose: [{ upstream: web, $remove: maybe }] } }\n'))).toEqual(
      ['error GW1001 o0.yaml:1:47'],
    );
  });

  it('does not guess which of several entries it is about', () => {
    const base = BASE.replace('listener: more', 'listener: main');
    const over = (at: string) =>
      findingsOf(
        compileInMemory(
          {
            'gateway.yaml': base.replace(/ {2}more:.*\n/, ''),
            'o.yaml': `servers: { tools: { at: [${at}] } }\n`,
          },
          { overlays: ['o.yaml'] },
        ),
      );
    expect(over('{ listener: main, path: /x }')).toEqual(['error GW2042 o.yaml:1:38']);
    const twice = '{ listener: main, path: /x }, { listener: main, path: /y }';
    expect(findingsOf(laid(`servers: { tools: { at: [${twice}] } }\n`))).toEqual([
      'error GW2042 o0.yaml:1:38',
      'error GW2042 o0.yaml:1:68',
    ]);
  });

  it('is reported if it is missing or no YAML, and nothing that follows from it', () => {
    expect(findingsOf(compileInMemory({ 'gateway.yaml': BASE }, { overlays: ['none.yaml'] }))).toEqual([
      'error GW0001 none.yaml:1:1',
    ]);
    expect(findingsOf(laid('a: [\n'))).toEqual(['error GW0004 o0.yaml:1:5']);
  });

  it('may include files, and names files from where it lies', () => {
    const result = compileInMemory(
      {
        'conf/gateway.yaml': BASE,
        'envs/prod.yaml': 'include: [./parts/*.yaml]\nname: prod\n',
        'envs/parts/a.yaml':
          'upstreams:\n  web: { credentials: { type: bearer, token: "${file:./token}" } }\n',
      },
      { main: 'conf/gateway.yaml', overlays: ['envs/prod.yaml'] },
    );
    expect(findingsOf(result)).toEqual([]);
    const web = result.compiled?.graph.upstreams.web;
    const token = web?.type === 'http' ? web.bearerToken : undefined;
    expect(isReference(token) && token.$reference).toBe('${file:../envs/parts/token}');
    expect(result.compiled?.sources.map(({ path }) => path)).toEqual([
      '../envs/parts/a.yaml',
      '../envs/prod.yaml',
      'gateway.yaml',
    ]);
  });

  it('is judged with the whole: what it loosens is found at its place', () => {
    const result = laid('listeners: { main: { bind: "0.0.0.0:8080", url: "https://a.example" } }\n');
    expect(findingsOf(result).filter((finding) => finding.includes('GW4'))).toEqual([
      'error GW4001 gateway.yaml:9:5',
    ]);
  });

  it('has comments of its own that lower findings', () => {
    const web = 'upstreams:\n  web:\n    endpoints: ["http://a.example/mcp"]';
    expect(findingsOf(laid(`${web}\n`))).toContain('error GW4006 o0.yaml:3:17');
    expect(findingsOf(laid(`${web} # gatewright-ignore GW4006: a test\n`))).toEqual([]);
  });
});
