import { expect, test } from 'vitest';
import type { Upstream } from '../e2e/bridging/pairings.ts';
import { compatibilityPage } from './page.ts';
import type { Verdict } from './verdict.ts';

const verdict = (scenario: string, over: Partial<Verdict> = {}): Verdict => ({
  scenario,
  passed: true,
  failures: [],
  warnings: [],
  ...over,
});

const upstreams = (over: Partial<Record<Upstream, boolean>> = {}) => ({
  'modern-http': true,
  'legacy-http': true,
  'modern-stdio': true,
  'legacy-stdio': true,
  ...over,
});

const page = compatibilityPage({
  version: '1.2.3',
  servers: [
    { revision: '2025-11-25', verdicts: [verdict('ping'), verdict('both', { warnings: ['slow'] })] },
    { revision: '2026-07-28', verdicts: [verdict('both', { passed: false, failures: ['no'] })] },
  ],
  extensions: [{ revision: 'com.example/tasks', verdicts: [verdict('tasks-lifecycle')] }],
  clients: [{ revision: '2026-07-28', verdicts: [verdict('call')] }],
  across: [{ revision: '2026-07-28', verdicts: [verdict('crossed')] }],
  pairings: [
    { title: 'a text', same: { modern: upstreams(), legacy: upstreams() } },
    { title: 'a form', same: { modern: upstreams({ 'legacy-stdio': false }), legacy: upstreams() } },
  ],
});

test('The page has a row for each scenario and a column for each revision, newest first', () => {
  expect(page).toContain('conformance 1.2.3');
  expect(page).toContain('| scenario | 2026-07-28 | 2025-11-25 |');
  expect(page).toContain('| ping |  | passed |');
  expect(page).toContain('| call | passed |');
  expect(page).toContain('| scenario | com.example/tasks |');
  expect(page).toContain('| tasks-lifecycle | passed |');
});

test('A failure and a warning are told', () => {
  expect(page).toContain('| both | **failed** | passed, 1 warning |');
  expect(page).toContain('| **passed** | **0/1** | **2/2** |');
});

test('Clients and servers stand there with the versions that are tested', () => {
  expect(page).toMatch(/\| mcp-remote \| mcp-remote \| \d+\.\d+\.\d+ \| 2025-11-25 \|/);
  expect(page).toMatch(/\| @modelcontextprotocol\/server-memory \| \d{4}\.\d+\.\d+ \|/);
});

test('What a client sees across the eras stands there for each pairing', () => {
  expect(page).toContain('| crossed | passed |');
  expect(page).toContain('modern → modern | modern → legacy | legacy → modern | legacy → legacy |');
  expect(page).toContain('| a text | same | same | same | same |');
  expect(page).toContain('| a form | same | **differs** (stdio) | same | same |');
});
