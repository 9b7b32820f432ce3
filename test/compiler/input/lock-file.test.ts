import { expect, test } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { definitionHash } from '../../../policies/pin/definition-hash.ts';
import type { Lock } from '../../../schema/lock/lock.ts';
import { lockText } from '../../../schema/lock/lock-text.ts';

const MAIN = `version: 1
listeners: { main: { bind: 127.0.0.1:8080 } }
servers:
  tools: { at: [{ listener: main }], anonymous: true, expose: [{ upstream: files }] }
upstreams:
  files: { type: stdio, command: [mcp-server-filesystem, /data] }
`;

const DEFINITION = { name: 'read', inputSchema: { type: 'object' } };
const TEXT = 'Paths are below /data.';

const LOCK: Lock = {
  lockVersion: 1,
  upstreams: {
    files: {
      instructions: { sha256: definitionHash(TEXT)!, text: TEXT },
      prompts: [],
      resourceTemplates: [],
      tools: [{ name: 'read', sha256: definitionHash(DEFINITION)!, definition: DEFINITION }],
    },
  },
};

const compileWith = (lock: string | Uint8Array | undefined, main = 'gateway.yaml') => {
  const asked: string[] = [];
  const result = compile({
    main,
    read: (path) => {
      asked.push(path);
      if (path === main) return Buffer.from(MAIN);
      return lock === undefined ? undefined : Buffer.from(lock);
    },
  });
  return { ...result, asked };
};

const findings = (lock: string | Uint8Array): readonly string[] =>
  compileWith(lock).diagnostics.map(
    ({ code, message, span }) => `${code} ${span.file}:${span.line}:${span.column} ${message}`,
  );

test('the lock beside the main file is one of its sources', () => {
  const { compiled, diagnostics, asked } = compileWith(lockText(LOCK), 'deploy/gateway.yaml');
  expect(diagnostics).toEqual([]);
  expect(asked).toContain('deploy/gateway.lock');
  expect(compiled!.sources.map(({ path }) => path)).toEqual(['gateway.lock', 'gateway.yaml']);
});

test('where there is none nothing is said, and its place is told, so that one can be waited for', () => {
  const { compiled, diagnostics, sources } = compileWith(undefined);
  expect(diagnostics).toEqual([]);
  expect(compiled!.sources.map(({ path }) => path)).toEqual(['gateway.yaml']);
  expect(sources).toContainEqual({ path: 'gateway.lock' });
});

test('a lock that nothing is pinned to changes nothing in the graph', () => {
  expect(compileWith(lockText(LOCK)).compiled!.hash).toBe(compileWith(undefined).compiled!.hash);
});

test('line endings of another system are no edit', () => {
  expect(findings(lockText(LOCK).replaceAll('\n', '\r\n'))).toEqual([]);
});

test('every single character that is changed is found', () => {
  const text = lockText(LOCK);
  for (let at = 0; at < text.length; at += 1) {
    const changed = `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`;
    const found = findings(changed);
    expect(found.length, `${at}: ${found}`).toBeGreaterThan(0);
  }
});

const changed = (from: string, to: string): string => {
  const text = lockText(LOCK);
  expect(text).toContain(from);
  return text.replace(from, to);
};

test.each([
  ['an empty file', '', 'GW0019 gateway.lock:1:1 this is not JSON'],
  ['a list', '[]\n', 'GW7000 gateway.lock:1:1 this is not a lock: an object is expected here'],
  ['null', 'null\n', 'GW7000 gateway.lock:1:1 this is not a lock: an object is expected here'],
  ['no version', '{"upstreams":{}}', 'GW7000 gateway.lock:1:1 this is not a lock: `lockVersion` is missing'],
  [
    'a version that is no number',
    '{"lockVersion":"1","upstreams":{}}',
    'GW7000 gateway.lock:1:16 this is not a lock: `lockVersion` is a number',
  ],
  [
    'another version',
    '{"lockVersion":3,"upstreams":7}',
    'GW7001 gateway.lock:1:16 version `3` of the lock is not read',
  ],
  [
    'a tool by another name',
    changed('"name": "read"', '"name": "write"'),
    'GW7000 gateway.lock:13:19 this is not a lock: the definition has another `name`',
  ],
  [
    'a hash that was changed',
    changed(definitionHash(DEFINITION)!.slice(0, 8), '00000000'),
    'GW7002 gateway.lock:14:21 the hash of tool `read` is not that of what is locked',
  ],
  [
    'instructions that were changed',
    changed('below /data', 'below /'),
    'GW7002 gateway.lock:6:19 the hash of the instructions is not that of what is locked',
  ],
  ['a blank more', changed('  "upstreams"', '   "upstreams"'), 'GW7003 gateway.lock:3:3'],
  ['a line more', `${lockText(LOCK)}\n`, 'GW7003 gateway.lock:'],
  ['a hidden character as it is', changed('"read"', '"re\\u200bad"'), 'GW7000 gateway.lock:13:19'],
])('%s is told at its place', (_, text, finding) => {
  expect(findings(text).join('\n')).toContain(finding);
  expect(compileWith(text).compiled).toBeUndefined();
});

test('a key that is given twice, of which a reviewer may read the wrong one, is refused', () => {
  const text = changed('"name": "read"\n', '"name": "read",\n            "name": "read"\n');
  expect(findings(text)).toEqual([expect.stringMatching(/^GW7003 gateway\.lock:/)]);
});

test('what is nested without end, too large or no text is refused without a throw', () => {
  const deep = changed('"type": "object"', `"type": ${'['.repeat(5_000)}${']'.repeat(5_000)}`);
  expect(findings(deep).join()).toContain('nested too deeply');
  expect(findings(' '.repeat(16 * 1024 * 1024 + 1)).join()).toContain('GW0018');
  expect(findings(Uint8Array.of(0x7b, 0xff)).join()).toContain('GW0005');
});

test('names like those of Object.prototype are names', () => {
  const lock = JSON.parse(JSON.stringify(LOCK).replace('"files"', '"__proto__"')) as Lock;
  expect(findings(lockText(lock))).toEqual([
    'GW7004 gateway.lock:4:5 the lock has upstream `__proto__`, the configuration does not',
  ]);
});
