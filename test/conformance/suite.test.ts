import { expect, test } from 'vitest';
import { startEverything } from '../support/everything/server.ts';
import { requiredScenarios, runScenario } from './suite.ts';

test('The required sets have the sizes they were frozen with', async () => {
  expect(await requiredScenarios('2025-11-25')).toHaveLength(30);
  expect(await requiredScenarios('2026-07-28')).toHaveLength(37);
});

test('A run yields the checks of its scenario', async () => {
  await using everything = await startEverything();
  const checks = (await runScenario(everything.url, 'ping', '2025-11-25')).get('ping');
  expect(checks?.map(({ id, status }) => [id, status])).toEqual([
    ['ping', 'SUCCESS'],
    ['wire-schema-valid', 'SUCCESS'],
  ]);
});

test('A run against a server that does not answer yields a failed check', async () => {
  await using everything = await startEverything();
  const checks = (await runScenario(`${everything.url}/nothing`, 'ping', '2025-11-25')).get('ping');
  expect(checks?.some((check) => check.status === 'FAILURE')).toBe(true);
});
