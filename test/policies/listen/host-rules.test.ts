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

  it('goes on judging after it has seen more hosts than it remembers', () => {
    const rules = compileHostRules(['mcp.example']);
    for (let port = 1; port < 500; port += 1) expect(rules.admits(`mcp.example:${port}`)).toBe(true);
    expect(rules.admits('evil.example')).toBe(false);
  });
});
