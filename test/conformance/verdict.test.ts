import { expect, test } from 'vitest';
import type { Check } from './suite.ts';
import { judge } from './verdict.ts';

const SUCCESS: Check = { id: 'a', name: 'A', description: 'does a', status: 'SUCCESS' };
const FAILURE: Check = { id: 'b', name: 'B', description: 'does b', status: 'FAILURE', errorMessage: 'no b' };
const WARNING: Check = { id: 'c', name: 'C', description: 'should do c', status: 'WARNING' };

test('A scenario passes with a success and no failure', () => {
  expect(judge({ scenario: 's' }, [SUCCESS])).toMatchObject({ passed: true, failures: [] });
});

test('One failure fails the scenario and is told with its message', () => {
  expect(judge({ scenario: 's' }, [SUCCESS, FAILURE])).toMatchObject({
    passed: false,
    failures: ['b (B): no b'],
  });
});

test('A scenario that did not run, or checked nothing, has not passed', () => {
  expect(judge({ scenario: 's' }, undefined).passed).toBe(false);
  expect(judge({ scenario: 's' }, [{ ...SUCCESS, status: 'INFO' }]).passed).toBe(false);
});

test('A warning is told, and fails the scenario only where that is asked for', () => {
  expect(judge({ scenario: 's' }, [SUCCESS, WARNING])).toMatchObject({
    passed: true,
    warnings: ['c (C): should do c'],
  });
  expect(judge({ scenario: 's', strict: true }, [SUCCESS, WARNING])).toMatchObject({
    passed: false,
    failures: ['c (C): should do c'],
  });
});

test('A check that has to succeed fails the scenario when the suite only remarks on it', () => {
  const remark: Check = { ...SUCCESS, id: 'resumed', status: 'INFO' };
  expect(judge({ scenario: 's', mustSucceed: ['resumed'] }, [SUCCESS, remark])).toMatchObject({
    passed: false,
    failures: ['resumed did not succeed'],
  });
});
