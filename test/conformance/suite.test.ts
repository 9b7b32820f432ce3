import { expect, test } from 'vitest';
import { startEverything } from '../support/everything/server.ts';
import { DRIVES } from './client-drives.ts';
import { clientDriver, clientScenarios } from './client-leg.ts';
import { REQUIRED_REVISIONS } from './plan.ts';
import { requiredScenarios, runClientScenario, runScenario } from './suite.ts';

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

test.each(['same', 'other'] as const)(
  'A client scenario is passed by a client of the %s era',
  async (drivenBy) => {
    const checks = (
      await runClientScenario(clientDriver('2026-07-28', drivenBy), 'tools_call', '2026-07-28')
    ).get('tools_call');
    expect(checks?.map(({ id, status }) => [id, status])).toEqual([
      ['tool-add-numbers', 'SUCCESS'],
      ['wire-schema-valid', 'SUCCESS'],
    ]);
  },
  180_000,
);

test('A client that fails fails its scenario, whatever the suite saw of it', async () => {
  const stops = `${clientDriver('2026-07-28', 'same')} --client neither`;
  const checks = (await runClientScenario(stops, 'tools_call', '2026-07-28')).get('tools_call');
  expect(checks?.some(({ status }) => status === 'FAILURE')).toBe(true);
}, 180_000);

test('Every client scenario that is not of authorization can be driven', async () => {
  for (const revision of REQUIRED_REVISIONS)
    expect(Object.keys(DRIVES)).toEqual(expect.arrayContaining([...(await clientScenarios(revision))]));
});
