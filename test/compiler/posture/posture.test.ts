import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { compile } from '../../../compiler/compile.ts';

const codesOf = (configuration: unknown): readonly string[] =>
  compile({
    main: 'gateway.yaml',
    read: (path) => (path === 'gateway.yaml' ? Buffer.from(stringify(configuration)) : undefined),
  })
    .diagnostics.map(({ code }) => code)
    .filter((code) => code.startsWith('GW4'));

const gateway = (upstream: object, listener: object = { bind: '127.0.0.1:8080' }) => ({
  version: 1,
  listeners: { main: listener },
  servers: { tools: { at: [{ listener: 'main' }], anonymous: true, expose: [{ upstream: 'one' }] } },
  upstreams: { one: upstream },
});

const withEnv = (env: Record<string, string>) => gateway({ type: 'stdio', command: ['mcp'], env });

/** Put together here, so that nobody takes this file for a leak. */
const secret = (...parts: readonly string[]) => parts.join('');

describe('a literal secret', () => {
  it.each([
    ['a token of a known issuer', { X: secret('ghp_', '0123456789abcdefghijABCDEFGHIJ456789') }],
    ['an access key', { X: secret('AKIA', 'IOSFODNN7EXAMPLE') }],
    ['a signed token', { X: secret('eyJhbGciOiJFUzI1NiJ9', '.eyJzdWIiOiJhIiwiaSI6MX0', '.c2lnbmF0dXJl') }],
    ['a private key', { X: secret('-----BEGIN EC ', 'PRIVATE KEY-----\nabc') }],
    ['a URL with a password', { DATABASE: 'postgres://app:s3cr3t@db.internal/app' }],
    ['a text under a telling name', { DB_PASSWORD: 'hunter2hunter' }],
    ['a text under a telling name, in lower case', { api_key: 'hunter2hunter' }],
    ['the default of a reference', { DB_PASSWORD: '${env:DB_PASSWORD:-hunter2hunter}' }],
    ['a text as random as only secrets are', { X: 'q7Zp2Lk9Xw4Rt8Vb1Nm5' }],
  ])('is found: %s', (_, env) => {
    expect(codesOf(withEnv(env as Record<string, string>))).toEqual(['GW4010']);
  });

  it.each([
    ['a reference', { DB_PASSWORD: '${file:/run/secrets/db}' }],
    ['a default that is no secret', { DB_PASSWORD: '${env:DB_PASSWORD:-}' }],
    ['a path under a telling name', { TOKEN_FILE: '/run/secrets/token', DB_PASSWORD: './password.txt' }],
    ['a placeholder', { API_KEY: 'changeme' }],
    ['a flag under a telling name', { USE_TOKEN: 'true' }],
    ['plain words', { GREETING: 'hello-to-everybody-who-reads-this' }],
    ['a version', { X: '2026-07-28T10:00:00Z' }],
    ['a URL without a password', { URL: 'https://user@example.com/a/b/c?d=1' }],
  ])('is not seen in %s', (_, env) => {
    expect(codesOf(withEnv(env as Record<string, string>))).toEqual([]);
  });

  it('is found in arguments and headers too', () => {
    const token = secret('ghp_', '0123456789abcdefghijABCDEFGHIJ456789');
    expect(codesOf(gateway({ type: 'stdio', command: ['mcp', `--token=${token}`] }))).toEqual(['GW4010']);
    const http = { type: 'http', endpoints: ['https://a.example/mcp'] };
    expect(codesOf(gateway({ ...http, headers: { set: { authorization: 'Bearer abcdefgh1234' } } }))).toEqual(
      ['GW4010'],
    );
  });

  it('is never repeated in a finding', () => {
    const value = 'hunter2hunter';
    const { diagnostics } = compile({
      main: 'gateway.yaml',
      read: (path) =>
        path === 'gateway.yaml' ? Buffer.from(stringify(withEnv({ DB_PASSWORD: value }))) : undefined,
    });
    expect(JSON.stringify(diagnostics)).not.toContain(value);
  });
});

describe('a shell', () => {
  it.each([
    [['sh', '-c', 'a; b']],
    [['/bin/bash', '-lc', 'a']],
    [['bash', '-e', '-c', 'a']],
    [['env', 'A=1', 'sh', '-c', 'a']],
    [['/usr/bin/env', 'bash', '-c', 'a']],
    [['cmd.exe', '/c', 'a']],
    [['pwsh', '-Command', 'a']],
    [['busybox', 'sh', '-c', 'a']],
    [['sudo', 'zsh', '-ic', 'a']],
  ])('with a command line is found in %j', (command) => {
    expect(codesOf(gateway({ type: 'stdio', command }))).toEqual(['GW4014']);
  });

  it.each([
    [['node', 'sh', '-c']],
    [['mcp-bash', '-c', 'x']],
    [['bash', 'server.sh']],
    [['python', '-c', 'x']],
    [['push', '-c', 'x']],
  ])('is not seen in %j', (command) => expect(codesOf(gateway({ type: 'stdio', command }))).toEqual([]));
});

describe('clear text', () => {
  it.each([
    'http://a.example/mcp',
    'HTTP://10.0.0.1/mcp',
    'http://localhost.example/mcp',
    'http://${env:HOST}/mcp',
    'http://127.0.0.1.nip.io/',
    'http://[2001:db8::1]/',
  ])('to %s is found', (url) =>
    expect(codesOf(gateway({ type: 'http', endpoints: [url] }))).toEqual(['GW4006']),
  );

  it.each([
    'https://a.example/mcp',
    'http://localhost:80/mcp',
    'http://127.0.0.1/mcp',
    'http://[::1]:80/mcp',
    '${env:URL}',
  ])('is no matter with %s', (url) =>
    expect(codesOf(gateway({ type: 'http', endpoints: [url] }))).toEqual([]),
  );
});

describe('a listener beyond loopback', () => {
  const open = { bind: '0.0.0.0:80', url: 'https://a.example' };
  const staff = { identity: { staff: { type: 'jwt', issuer: 'https://id.example' } } };
  const guarded = (listener: object) => {
    const base = gateway({ type: 'stdio', command: ['mcp'] }, listener);
    const { anonymous: _, ...tools } = base.servers.tools;
    return { ...base, ...staff, servers: { tools: { ...tools, identity: ['staff'] } } };
  };

  it('serves nobody anonymous', () => {
    expect(codesOf(gateway({ type: 'stdio', command: ['mcp'] }, open))).toEqual(['GW4001']);
  });

  it('takes credentials over TLS, its own or that of a trusted proxy', () => {
    expect(codesOf(guarded(open))).toEqual(['GW4021']);
    expect(codesOf(guarded({ ...open, trustedProxies: ['10.0.0.1'] }))).toEqual([]);
    expect(codesOf(guarded({ ...open, url: 'http://a.example', trustedProxies: ['10.0.0.1'] }))).toEqual([
      'GW4021',
    ]);
    expect(codesOf(guarded({ ...open, tls: { certificate: '${file:c}', key: '${file:k}' } }))).toEqual([]);
    expect(codesOf(guarded({ bind: 'unix:/run/a.sock' }))).toEqual([]);
  });

  it('serves operations to those who are identified, and health to all', () => {
    const ops = (listener: object) => {
      const base = guarded({ bind: '127.0.0.1:1' });
      return {
        ...base,
        listeners: { ...base.listeners, ops: { ...open, trustedProxies: ['10.0.0.1'], ...listener } },
      };
    };
    expect(codesOf(ops({ serve: ['health', 'metrics'] }))).toEqual(['GW4015']);
    expect(codesOf(ops({ serve: ['health'] }))).toEqual([]);
    expect(codesOf(ops({ serve: ['metrics'], identity: ['staff'] }))).toEqual([]);
    expect(codesOf(ops({ serve: ['metrics'], anonymous: true }))).toEqual(['GW4016']);
  });

  it('trusts few proxies', () => {
    const trusting = (...ranges: string[]) => codesOf(guarded({ ...open, trustedProxies: ranges }));
    expect(trusting('10.0.0.0/16', '2001:db8::/48', '10.0.0.1')).toEqual([]);
    expect(trusting('10.0.0.0/15')).toEqual(['GW4009']);
    expect(trusting('0.0.0.0/0', '::/0')).toEqual(['GW4009', 'GW4009']);
  });
});

describe('what the network reaches', () => {
  const tls = { certificate: '${file:c}', key: '${file:k}' };
  const foreign = { type: 'http', endpoints: ['https://mcp.vendor.example/mcp'] };
  const identity = { staff: { type: 'jwt', issuer: 'https://id.example' } };
  const open = (upstream: object, server: object = {}, listener: object = {}, rest: object = {}) => {
    const base = gateway(upstream, { bind: '0.0.0.0:443', url: 'https://a.example', tls, ...listener });
    const { anonymous: _, ...tools } = base.servers.tools;
    return { ...base, identity, servers: { tools: { ...tools, identity: ['staff'], ...server } }, ...rest };
  };

  it('is not whatever a foreign upstream thinks of', () => {
    expect(codesOf(open(foreign))).toEqual(['GW4011']);
    expect(codesOf(open(foreign, { expose: [{ upstream: 'one', tools: { allow: ['*'] } }] }))).toEqual([
      'GW4011',
    ]);
    expect(codesOf(open(foreign, { expose: [{ upstream: 'one', tools: { allow: ['get_*'] } }] }))).toEqual(
      [],
    );
    expect(codesOf(open(foreign, { expose: [{ upstream: 'one', tools: false }] }))).toEqual([]);
    expect(codesOf(open(foreign, {}, { bind: '127.0.0.1:443' }))).toEqual([]);
    const policies = { policies: { p: { type: 'cel', allow: "tool.name == 'a'" } } };
    expect(codesOf(open(foreign, { policies: ['p'] }, {}, policies))).toEqual([]);
  });

  it.each([
    'https://mcp.corp.internal/',
    'https://10.1.2.3/mcp',
    'https://tools:8443/mcp',
    'https://a.svc/mcp',
  ])('may be all that an upstream of ones own offers: %s', (url) =>
    expect(codesOf(open({ type: 'http', endpoints: [url] }))).toEqual([]),
  );

  it('has a name that tokens can be asked for', () => {
    const named = { url: undefined, hosts: ['a.example'] };
    const stdio = { type: 'stdio', command: ['mcp'] };
    expect(codesOf(open(stdio, {}, named))).toEqual(['GW4002']);
    expect(codesOf(open(stdio, {}, { ...named, bind: '[::]:443' }))).toEqual(['GW4002']);
    expect(codesOf(open(stdio, {}, { ...named, bind: '192.0.2.1:443' }))).toEqual([]);
    const audience = { identity: { staff: { ...identity.staff, audience: ['tools'] } } };
    expect(codesOf(open(stdio, {}, named, audience))).toEqual([]);
  });

  it('is limited throughout where it is at all', () => {
    const stdio = { type: 'stdio', command: ['mcp'] };
    const both = (first: object, second: object) => {
      const base = open(
        stdio,
        first,
        {},
        { limits: { l: { type: 'rate', rate: '1/s' }, b: { type: 'bounds', callTimeout: '1s' } } },
      );
      const other = {
        ...base.servers.tools,
        limits: [],
        at: [{ listener: 'main', path: '/other' }],
        ...second,
      };
      return { ...base, servers: { ...base.servers, other } };
    };
    expect(codesOf(both({}, {}))).toEqual([]);
    expect(codesOf(both({ limits: ['l'] }, { limits: ['l'] }))).toEqual([]);
    expect(codesOf(both({ limits: ['l'] }, { limits: ['b'] }))).toEqual(['GW4013']);
  });
});

describe('what is for development', () => {
  const base = gateway({ type: 'stdio', command: ['mcp'] });
  const debug = { telemetry: { log: { level: 'debug' } } };

  it('is not for production: a debug log', () => {
    expect(codesOf({ ...base, ...debug })).toEqual(['GW4019']);
    expect(codesOf({ ...base, ...debug, profile: 'development' })).toEqual([]);
    expect(codesOf({ ...base, telemetry: { log: { level: 'info' } } })).toEqual([]);
  });

  it('is neither a drain of no time nor one of days', () => {
    const drain = (deadline: string) => ({ ...base, reload: { drain: { window: '0s', deadline } } });
    expect(['0s', '25h', '30d'].map((deadline) => codesOf(drain(deadline)))).toEqual([
      ['GW4020'],
      ['GW4020'],
      ['GW4020'],
    ]);
    expect(['1s', '5m', '24h'].map((deadline) => codesOf(drain(deadline)))).toEqual([[], [], []]);
  });
});
