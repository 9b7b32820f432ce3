import { describe, expect, it } from 'vitest';
import { type CompileResult, compile } from '../../compiler/compile.ts';
import { SMALL_CONFIGURATION } from '../support/small-configuration.ts';

const compileFiles = (files: Readonly<Record<string, string>>, main = 'gateway.yaml'): CompileResult =>
  compile({ main, read: (path) => (path in files ? Buffer.from(files[path]!) : undefined) });

const compileText = (text: string): CompileResult => compileFiles({ 'gateway.yaml': text });

const graphOf = (text: string) => {
  const { compiled, diagnostics } = compileText(text);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return compiled!;
};

const findingsOf = (text: string): readonly string[] =>
  compileText(text).diagnostics.map(
    ({ code, severity, span }) => `${severity} ${code} ${span.line}:${span.column}`,
  );

describe('a compile', () => {
  it('lets no server stand where a transport of another one is', () => {
    const over = (protocol: string, path: string): readonly string[] =>
      findingsOf(
        SMALL_CONFIGURATION.replace(
          '    anonymous: true',
          `    protocol: { ${protocol} }\n    anonymous: true`,
        ).replace(
          'upstreams:',
          `  other:\n    at: [{ listener: main, path: ${path} }]\n    anonymous: true\n    expose: [{ upstream: files }]\nupstreams:`,
        ),
      ).filter((finding) => finding.includes('GW2011'));
    for (const path of ['/mcp/sse', '/mcp/messages']) {
      expect(over('legacySse: true', path)).toEqual(['error GW2011 11:34']);
      expect(over('websocket: true', path)).toEqual([]);
    }
    expect(over('websocket: true', '/mcp/ws')).toEqual(['error GW2011 11:34']);
    expect(over('legacySse: true', '/mcp/ws')).toEqual([]);
  });

  it('reports everything that is wrong at once, sorted by place', () => {
    const text = SMALL_CONFIGURATION.replace('127.0.0.1:8080', '127.0.0.1')
      .replace('upstream: files', 'upstream: file')
      .replace('type: stdio', 'type: stdoi')
      .concat('limits:\n  fair: { type: rate, rate: 600 }\n')
      .concat('policies:\n  p: { type: cel, deny: "tool.nmae == 1" }\n');
    expect(findingsOf(text)).toEqual([
      'error GW3009 3:17',
      'error GW2003 8:26',
      'error GW1006 10:18',
      'error GW1010 12:29',
      'error GW3022 14:31',
    ]);
  });

  it('does not report what follows from another finding', () => {
    expect(findingsOf(SMALL_CONFIGURATION.replace('anonymous: true', 'anonymous: maybe'))).toEqual([
      'error GW1003 7:16',
    ]);
    expect(findingsOf(SMALL_CONFIGURATION.replace(/upstreams:.*/s, 'upstreams: []\n'))).toEqual([
      'error GW1003 9:1',
    ]);
    expect(findingsOf(SMALL_CONFIGURATION.replace('at: [{ listener: main }]', 'at: main'))).toEqual([
      'error GW1003 6:9',
    ]);
  });

  it('takes names that YAML 1.1 reads as true or false for what they are: a trap', () => {
    expect(findingsOf(SMALL_CONFIGURATION.replaceAll('files', 'on'))).toEqual([
      'error GW0011 8:26',
      'error GW0011 10:3',
    ]);
    expect(findingsOf(SMALL_CONFIGURATION.replaceAll('files', '"on"'))).toEqual([]);
  });

  it('takes the default of a reference for the secret that it is', () => {
    const upstream = (token: string) =>
      SMALL_CONFIGURATION.replace(
        / {2}files: .*\n/,
        `  files:\n    type: http\n    endpoints: [https://a.example/mcp]\n    credentials: { type: bearer, token: "${token}" }\n`,
      );
    expect(findingsOf(upstream('${env:TOKEN}'))).toEqual([]);
    expect(findingsOf(upstream('${env:TOKEN:-}'))).toEqual([]);
    expect(findingsOf(upstream('${env:TOKEN:-hunter2}'))).toEqual(['error GW3032 13:41']);
  });

  it('names every file it asked for, with the digest of those it got', () => {
    const text = `${SMALL_CONFIGURATION.replace('anonymous: true', 'identity: [keys]')}identity:\n  keys: { type: api-key, keysFile: ../etc/keys.yaml }\n`;
    const { sources, compiled } = compileFiles({ 'conf/gateway.yaml': text }, 'conf/gateway.yaml');
    expect(compiled).toBeUndefined();
    expect(sources).toEqual([
      { path: 'conf/gateway.yaml', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { path: 'etc/keys.yaml' },
      { path: 'conf/gateway.lock' },
    ]);
  });

  it('names files in the graph relative to the main file, whatever its folder is called', () => {
    const text = `${SMALL_CONFIGURATION.replace('anonymous: true', 'identity: [keys]')}identity:\n  keys: { type: api-key, keysFile: ./sub/keys.yaml }\n`;
    const keys = 'keys: []\n';
    const there = compileFiles(
      { '/a/b/gateway.yaml': text, '/a/b/sub/keys.yaml': keys },
      '/a/b/gateway.yaml',
    );
    const here = compileFiles({ 'gateway.yaml': text, 'sub/keys.yaml': keys });
    expect(there.compiled).toEqual(here.compiled);
    expect(here.compiled?.sources.map(({ path }) => path)).toEqual(['gateway.yaml', 'sub/keys.yaml']);
  });

  it('asks for each file once', () => {
    const asked: string[] = [];
    const text = `${SMALL_CONFIGURATION.replace('anonymous: true', 'identity: [a, b]')}identity:\n  a: { type: api-key, keysFile: keys.yaml }\n  b: { type: api-key, keysFile: ./keys.yaml }\n`;
    compile({
      main: 'gateway.yaml',
      read: (path) => {
        asked.push(path);
        return Buffer.from(path === 'gateway.yaml' ? text : 'keys: []');
      },
    });
    expect(asked).toEqual(['gateway.yaml', 'keys.yaml', 'gateway.lock']);
  });
});

describe('the profile', () => {
  const open = SMALL_CONFIGURATION.replace(
    '{ bind: 127.0.0.1:8080 }',
    '{ bind: 0.0.0.0:80, hosts: [a.example] }',
  );

  it('makes some posture findings warnings in development', () => {
    expect(findingsOf(open)).toEqual(['error GW4001 7:5']);
    expect(findingsOf(open.replace('version: 1', 'version: 1\nprofile: development'))).toEqual([
      'warning GW4001 8:5',
    ]);
  });

  it('is production if it is misspelt', () => {
    const codes = findingsOf(open.replace('version: 1', 'version: 1\nprofile: developmnt'));
    expect(codes).toContain('error GW4001 8:5');
  });
});

describe('an ignore comment', () => {
  const open = SMALL_CONFIGURATION.replace(
    '{ bind: 127.0.0.1:8080 }',
    '{ bind: 0.0.0.0:80, hosts: [a.example] }',
  );
  const COMMENT = '# gatewright-ignore GW4001: a lab';

  it('lowers a posture finding on its line or on the next', () => {
    expect(findingsOf(open.replace('anonymous: true', `anonymous: true ${COMMENT}`))).toEqual([]);
    expect(findingsOf(open.replace('    anonymous: true', `    ${COMMENT}\n    anonymous: true`))).toEqual(
      [],
    );
  });

  it('lowers nothing further away, and is told to be without effect once that is all', () => {
    const above = open.replace('    at:', `    ${COMMENT}\n    at:`);
    expect(findingsOf(above)).toEqual(['error GW4001 8:5']);
    expect(findingsOf(SMALL_CONFIGURATION.replace('    at:', `    ${COMMENT}\n    at:`))).toEqual([
      'warning GW4091 6:5',
    ]);
  });

  it('lowers the code that it names and no other', () => {
    const other = open.replace('anonymous: true', 'anonymous: true # gatewright-ignore GW4003: a lab');
    expect(findingsOf(other)).toEqual(['error GW4001 7:5']);
  });

  it.each([
    ['# gatewright-ignore GW4001', 'GW4090'],
    ['# gatewright-ignore GW4001:   ', 'GW4090'],
    ['# gatewright-ignore', 'GW4090'],
    ['# gatewright-ignore GW2003: because', 'GW4090'],
    ['# gatewright-ignore GW4O01: because', 'GW4090'],
  ])('%s does not hold', (comment, code) => {
    expect(findingsOf(open.replace('anonymous: true', `anonymous: true ${comment}`))).toEqual([
      'error GW4001 7:5',
      `error ${code} 7:21`,
    ]);
  });

  it('is none inside a text', () => {
    const quoted = open.replace('anonymous: true', `anonymous: true\n    instructions: "${COMMENT}"`);
    const block = open.replace('anonymous: true', `instructions: |\n      ${COMMENT}\n    anonymous: true`);
    expect(findingsOf(quoted)).toEqual(['error GW4001 7:5']);
    expect(findingsOf(block)).toEqual(['error GW4001 9:5']);
  });

  it('cannot lower what is no posture finding, wherever it stands', () => {
    const secret = SMALL_CONFIGURATION.replace(
      '  files: { type: stdio, command: [mcp-server-filesystem, /data] }',
      '  files: { type: http, endpoints: [https://a.example/], credentials: { type: bearer, token: abc } } # gatewright-ignore GW4010: fine',
    );
    expect(compileText(secret).compiled).toBeUndefined();
  });
});

describe('a fingerprint', () => {
  const before = graphOf(`${SMALL_CONFIGURATION}limits:\n  fair: { type: rate, rate: 600/m }\n`);

  const changed = (text: string): readonly string[] => {
    const { fingerprints } = graphOf(`${text}limits:\n  fair: { type: rate, rate: 600/m }\n`);
    return Object.entries(fingerprints)
      .filter(([id, print]) => before.fingerprints[id as 'server:tools'] !== print)
      .map(([id]) => id);
  };

  it('changes with its node and with what the node refers to, and with nothing else', () => {
    expect(changed(SMALL_CONFIGURATION.replace('/data', '/other'))).toEqual([
      'upstream:files',
      'server:tools',
    ]);
    expect(
      changed(SMALL_CONFIGURATION.replace('anonymous: true', 'anonymous: true\n    instructions: hello')),
    ).toEqual(['server:tools']);
    expect(changed(SMALL_CONFIGURATION.replace('8080', '8081'))).toEqual(['listener:main']);
    expect(changed(`${SMALL_CONFIGURATION}telemetry: { log: { level: debug } }\n`)).toEqual([]);
  });

  it('is there for every node', () => {
    expect(Object.keys(before.fingerprints).sort()).toEqual([
      'limit:fair',
      'listener:main',
      'server:tools',
      'upstream:files',
    ]);
  });
});

describe('allowed hosts and origins', () => {
  const listener = (body: string) =>
    graphOf(SMALL_CONFIGURATION.replace('bind: 127.0.0.1:8080', body)).graph.listeners.main!;

  it('are the loopback names for a loopback address, and the host of the URL', () => {
    const { hosts, origins, url } = listener('bind: 127.0.0.1:8080, url: "https://Mcp.Example.com:443/"');
    expect(url).toBe('https://mcp.example.com');
    expect(hosts).toEqual(['localhost', '127.0.0.1', '[::1]', 'mcp.example.com']);
    expect(origins).toContain('http://localhost');
    expect(origins).toContain('https://mcp.example.com');
  });

  it('are those that are listed, where they are', () => {
    const { hosts, origins } = listener(
      'bind: 127.0.0.1:80, hosts: [A.example], origins: ["HTTPS://B.example"]',
    );
    expect(hosts).toEqual(['a.example']);
    expect(origins).toEqual(['https://b.example']);
  });

  it('are those of the loopback for a socket, and the URL is known only with the port', () => {
    expect(listener('bind: "unix:/run/a.sock"').hosts).toEqual(['localhost', '127.0.0.1', '[::1]']);
    expect(listener('bind: 127.0.0.1:0').url).toBe('');
    expect(listener('bind: "[::1]:80"').url).toBe('http://[::1]');
  });
});
