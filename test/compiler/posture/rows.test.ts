import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { compile } from '../../../compiler/compile.ts';

type Findings = readonly (readonly [severity: string, code: string])[];

const findingsOf = (configuration: unknown): Findings =>
  compile({
    main: 'gateway.yaml',
    read: (path) => {
      if (path === 'gateway.yaml') return Buffer.from(stringify(configuration));
      return path === 'keys.yaml' ? Buffer.from('keys: []') : undefined;
    },
  }).diagnostics.map(({ severity, code }) => [severity, code] as const);

const gateway = (sections: object) => ({
  version: 1,
  listeners: { main: { bind: '127.0.0.1:8080' } },
  identity: { keys: { type: 'api-key', keysFile: './keys.yaml' } },
  servers: {
    tools: {
      at: [{ listener: 'main' }],
      identity: ['keys'],
      expose: [{ upstream: 'one', tools: { allow: ['echo'] } }],
    },
  },
  upstreams: { one: { type: 'http', endpoints: ['https://one.example/mcp'] } },
  ...sections,
});

const withOps = (ops: object, sections: object = {}) =>
  gateway({
    listeners: { main: { bind: '127.0.0.1:8080' }, ops: { serve: ['status', 'reload'], ...ops } },
    ...sections,
  });

const tls = { certificate: '${file:/run/tls.crt}', key: '${file:/run/tls.key}' };
const beyond = { bind: '0.0.0.0:9443', url: 'https://ops.example' };

describe('the listener of operations', () => {
  it('[PROD-01/operations] is apart from those of data', () => {
    expect(findingsOf(withOps({ bind: '127.0.0.1:9090' }))).toEqual([]);
    const together = gateway({ listeners: { main: { bind: '127.0.0.1:8080', serve: ['status'] } } });
    expect(findingsOf(together)).toEqual([['error', 'GW2012']]);
  });

  it('[PROD-01/operations] beyond loopback needs identity and TLS, or is refused', () => {
    expect(findingsOf(withOps({ ...beyond, tls, identity: ['keys'] }))).toEqual([]);
    expect(findingsOf(withOps({ ...beyond, tls }))).toEqual([['error', 'GW4015']]);
    const clear = { bind: '0.0.0.0:9090', url: 'http://ops.example', identity: ['keys'] };
    expect(findingsOf(withOps(clear))).toEqual([['error', 'GW4021']]);
  });

  it('[PROD-03/operations] that is open is an error in production and in development alike', () => {
    const open = { ...beyond, tls };
    for (const profile of ['production', 'development'])
      expect(findingsOf(withOps(open, { profile })), profile).toEqual([['error', 'GW4015']]);
    expect(findingsOf(withOps({ ...open, serve: ['health'] }))).toEqual([]);
  });
});

describe('a listener in clear text', () => {
  const clear = { listeners: { main: { bind: '0.0.0.0:8080', url: 'http://mcp.example' } } };

  it('[OPS-04/clear-text] that takes credentials from beyond loopback is refused in production', () => {
    expect(findingsOf(gateway({ ...clear, profile: 'production' }))).toEqual([['error', 'GW4021']]);
    expect(findingsOf(gateway({ ...clear, profile: 'development' }))).toEqual([['warning', 'GW4021']]);
    const secure = { listeners: { main: { bind: '0.0.0.0:8443', url: 'https://mcp.example', tls } } };
    expect(findingsOf(gateway(secure)).filter(([severity]) => severity === 'error')).toEqual([]);
  });
});

describe('secrets', () => {
  const withToken = (token: string) =>
    gateway({
      upstreams: {
        one: { type: 'http', endpoints: ['https://one.example/mcp'], credentials: { type: 'bearer', token } },
      },
    });

  it('[OPS-11/references] are named and never written: a literal one is an error', () => {
    expect(findingsOf(withToken('${env:TOKEN}'))).toEqual([]);
    expect(findingsOf(withToken('${file:/run/secrets/token}'))).toEqual([]);
    expect(findingsOf(withToken('hunter2hunter'))).toEqual([['error', 'GW3032']]);
    expect(findingsOf(withToken('${env:TOKEN:-hunter2hunter}'))[0]).toEqual(['error', 'GW3032']);
  });
});
