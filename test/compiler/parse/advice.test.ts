import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { applyFixes } from '../../../compiler/diagnostics/apply-fixes.ts';

const BIND = '"127.0.0.1:0"';
const AT = '[{ listener: local }]';
const EXPOSE = '[{ upstream: files }]';
const COMMAND = '[mcp-server-filesystem, /data]';

const SOUND = `version: 1
listeners:
  local: { bind: ${BIND}, connections: { idleTimeout: 75s } }
servers:
  tools:
    at: ${AT}
    anonymous: true
    protocol: { versions: ["2025-11-25"] }
    expose: ${EXPOSE}
upstreams:
  files: { type: stdio, command: ${COMMAND}, isolation: shared }
`;

const diagnose = (text: string) =>
  compile({ main: 'gateway.yaml', read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : undefined) })
    .diagnostics;

const helpOf = (text: string): string =>
  diagnose(text)
    .flatMap(({ help }) => help)
    .join('\n');

it('there is nothing to say of what is sound', () => {
  expect(diagnose(SOUND)).toEqual([]);
});

describe('what is proposed instead of one text for a list', () => {
  it.each([
    [COMMAND, '"npx server"', '[npx, server]'],
    [COMMAND, "'npx -y @scope/server 8080 yes'", '[npx, -y, "@scope/server", "8080", "yes"]'],
    [COMMAND, '"${env:PROGRAM:-a b} --root ${env:ROOT}"', '["${env:PROGRAM:-a b}", --root, "${env:ROOT}"]'],
    [COMMAND, '8080', '["8080"]'],
    [EXPOSE, 'files', '[{ upstream: files }]'],
    [AT, 'local', '[{ listener: local }]'],
    ['["2025-11-25"]', '2025-11-25', '["2025-11-25"]'],
  ])('for %s written as %s is a list that compiles', (sound, written, proposed) => {
    const faulty = SOUND.replace(sound, () => written);
    expect(diagnose(faulty).map(({ code }) => code)).toEqual(['GW1003']);
    expect(helpOf(faulty)).toBe(`write \`${proposed}\``);
    expect(diagnose(SOUND.replace(sound, () => proposed))).toEqual([]);
  });

  it.each([`"sh -c 'a b'"`, '\'echo "a b"\''])('is no guess at where %s is split', (written) => {
    expect(helpOf(SOUND.replace(COMMAND, () => written))).toBe('write a list, each item on its own');
  });
});

describe('a number or flag where a text of a form is due', () => {
  it('becomes an address where it can be a port, and the fix compiles', () => {
    const faulty = SOUND.replace(BIND, '8080');
    const diagnostics = diagnose(faulty);
    expect(diagnostics).toMatchObject([{ code: 'GW3009', help: ['write `127.0.0.1:8080`'] }]);
    expect(diagnose(applyFixes('gateway.yaml', faulty, diagnostics, 'maybe').text)).toEqual([]);
  });

  it.each([
    [BIND, '99999'],
    [BIND, 'true'],
    ['75s', 'true'],
    ['shared', '3'],
  ])('is refused for %s as %s, without a proposal that fails in turn', (sound, written) => {
    const diagnostics = diagnose(SOUND.replace(sound, written));
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]!.severity).toBe('error');
    expect(diagnostics[0]!.fixes).toEqual([]);
    expect(helpOf(SOUND.replace(sound, written))).not.toContain(written);
  });

  it('is a secret where one is due, and is not told', () => {
    const remote =
      '{ type: http, endpoints: ["https://x/mcp"], credentials: { type: bearer, token: 12345 } }';
    const diagnostics = diagnose(SOUND.replace(/\{ type: stdio.*/, remote));
    expect(diagnostics.map(({ code }) => code)).toEqual(['GW3032']);
    expect(diagnostics[0]!.message).not.toContain('12345');
  });
});

describe('the servers of a client', () => {
  it.each(['mcpServers', 'mcp_servers', 'McpServers'])(
    'under `%s` are told how they are written here',
    (key) => {
      const text = `version: 1\nlisteners: { local: { bind: ${BIND} } }\n${key}: { files: { command: npx } }\n`;
      const found = diagnose(text).filter(({ severity }) => severity === 'error');
      expect(found).toMatchObject([{ code: 'GW1001', fixes: [] }]);
      expect(found[0]!.help.join()).toMatch(/`upstreams`.*`servers`/);
    },
  );
});
