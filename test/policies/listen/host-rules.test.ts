import { describe, expect, it } from 'vitest';
import { compileHostRules } from '../../../policies/listen/host-rules.ts';

const admitted = (listed: readonly string[], hosts: readonly string[]): readonly string[] => {
  const rules = compileHostRules(listed);
  return hosts.filter((host) => rules.admits(host));
};

describe('compileHostRules', () => {
  it('admits a listed name with any port, in any case', () => {
    const hosts = ['mcp.example', 'mcp.example:8443', 'MCP.Example', '[::1]', '[::1]:80'];
    expect(admitted(['mcp.example', '[::1]'], hosts)).toEqual(hosts);
  });

  it('holds an entry with a port to that port', () => {
    const hosts = ['mcp.example:8443', 'mcp.example', 'mcp.example:8444', 'mcp.example:84430'];
    expect(admitted(['mcp.example:8443'], hosts)).toEqual(['mcp.example:8443']);
  });

  it('refuses everything that only looks like a listed name', () => {
    const lookalikes = [
      'evil.example',
      'mcp.example.evil.example',
      'mcp.example.',
      'xmcp.example',
      'evil@mcp.example',
      'mcp.example@evil',
      'mcp.example:80@evil',
      'mcp.example/evil',
      'mcp.example:',
      'mcp.example:80:80',
      'mcp.example, evil.example',
      ' mcp.example',
      'mcp.example\t',
      '',
      ':80',
      '[mcp.example]',
      '[::1',
    ];
    expect(admitted(['mcp.example', '::1'], lookalikes)).toEqual([]);
  });

  it('admits nothing where nothing is listed', () => {
    expect(admitted([], ['localhost', ''])).toEqual([]);
  });

  it('admits addresses that are not listed where it is told to, and nothing that only looks like one', () => {
    const rules = compileHostRules(['ops.example'], { addresses: true });
    for (const host of ['10.1.2.3:9090', '127.0.0.1', '[fd00::1]:9090', '[::1]', 'ops.example'])
      expect(rules.admits(host)).toBe(true);
    const lookalikes = [
      'rebound.example:9090',
      '10.1.2.3.evil.example',
      '10.1.2.3@evil.example',
      '10.1.2',
      '0x7f.1',
      '2130706433',
      '010.1.2.3',
      '10.1.2.3.',
      '10.1.2.3:9090:80',
      '[10.1.2.3',
      'fd00::1',
    ];
    expect(lookalikes.filter((host) => rules.admits(host))).toEqual([]);
    expect(compileHostRules(['ops.example']).admits('10.1.2.3:9090')).toBe(false);
  });

  it('goes on judging after it has seen more hosts than it remembers', () => {
    const rules = compileHostRules(['mcp.example']);
    for (let port = 1; port < 500; port += 1) expect(rules.admits(`mcp.example:${port}`)).toBe(true);
    expect(rules.admits('evil.example')).toBe(false);
  });
});
