import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { admitsMethod, featureOf } from '../../../policies/features/features.ts';
import { ALL_FEATURES } from '../../support/all-features.ts';

test.each([
  ['tools/call', 'tools'],
  ['resources/templates/list', 'resources'],
  ['prompts/get', 'prompts'],
  ['completion/complete', 'completions'],
  ['notifications/message', 'logging'],
  ['sampling/createMessage', 'sampling'],
  ['elicitation/create', 'elicitation'],
  ['roots/list', 'roots'],
  ['tasks/get', 'tasks'],
] as const)('%s is gone when %s is off, and nothing else is', (method, feature) => {
  expect(featureOf(method)).toBe(feature);
  expect(admitsMethod({ ...ALL_FEATURES, [feature]: false }, method)).toBe(false);
  expect(admitsMethod({ ...ALL_FEATURES, [feature]: false }, 'ping')).toBe(true);
  expect(admitsMethod(ALL_FEATURES, method)).toBe(true);
});

test('every method of the protocol belongs to a feature or is known to belong to none', () => {
  const NO_FEATURE =
    /^(?:ping|initialize|server\/discover|subscriptions\/listen|notifications\/(?:initialized|cancelled|progress|subscriptions\/.*))$/;
  for (const revision of ['2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28']) {
    const schema = readFileSync(`test/mcp/${revision}/schema.json`, 'utf8');
    const methods = [...schema.matchAll(/"const": "((?:[a-z]+\/)[a-zA-Z/_]+|ping|initialize)"/g)].map(
      ([, method]) => method!,
    );
    expect(methods.length).toBeGreaterThan(10);
    for (const method of methods) {
      if (method.startsWith('ref/') || method.includes('+')) continue;
      expect([method, featureOf(method) !== undefined]).toEqual([method, !NO_FEATURE.test(method)]);
    }
  }
});
