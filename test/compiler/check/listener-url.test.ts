import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';

const findingsOf = (ops: object): readonly (readonly [code: string, notes: readonly string[]])[] => {
  const text = JSON.stringify({
    version: 1,
    listeners: { main: { bind: '127.0.0.1:8080' }, ops },
    servers: { a: { at: [{ listener: 'main' }], anonymous: true, expose: [{ upstream: 'u' }] } },
    upstreams: { u: { type: 'http', endpoints: ['https://mcp.example.com/mcp'] } },
    lints: { GW4016: 'off' },
  });
  const { diagnostics } = compile({
    main: 'gateway.yaml',
    read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : undefined),
  });
  return diagnostics.filter(({ code }) => code === 'GW3044').map(({ code, notes }) => [code, notes] as const);
};

const WILDCARDS = ['0.0.0.0:9090', '[::]:9090'];

describe('an operations listener at a wildcard address', () => {
  it.each([[['health']], [['metrics']], [['health', 'metrics']]])('needs no name for %j', (serve) => {
    for (const bind of WILDCARDS) expect(findingsOf({ bind, serve, anonymous: true })).toEqual([]);
  });

  it.each([
    [['status'], '`status`'],
    [['health', 'reload'], '`reload`'],
    [['metrics', 'revoke', 'health', 'status'], '`revoke`, `status`'],
  ])('needs one for %j, and is told for which of them', (serve, named) => {
    for (const bind of WILDCARDS) {
      const note = `no Host header can be expected from \`${bind}\`, so that every request for ${named} would be refused`;
      expect(findingsOf({ bind, serve, anonymous: true })).toEqual([['GW3044', [note]]]);
      expect(findingsOf({ bind, serve, anonymous: true, hosts: ['ops.example'] })).toEqual([]);
    }
  });
});
