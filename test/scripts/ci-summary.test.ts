import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SUMMARY = fileURLToPath(new URL('../../scripts/ci-summary.mjs', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-ci-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Report {
  readonly passed: number;
  readonly failed?: number;
  readonly skipped?: number;
  /** Files that did not load. */
  readonly broken?: number;
}

const writeReport = async (step: string, { passed, failed = 0, skipped = 0, broken = 0 }: Report) => {
  const failures = Array.from({ length: failed }, (_, index) => ({
    status: 'failed',
    fullName: `a limit counts to ${index}`,
    failureMessages: [`AssertionError: expected 2 to be ${index}\n    at a.test.ts:1:1`],
  }));
  const testResults = [
    {
      name: 'a.test.ts',
      status: failed > 0 ? 'failed' : 'passed',
      message: '',
      assertionResults: [{ status: 'passed', fullName: 'a limit holds', failureMessages: [] }, ...failures],
    },
    ...Array.from({ length: broken }, (_, index) => ({
      name: `broken-${index}.test.ts`,
      status: 'failed',
      message: 'SyntaxError: Unexpected token\n  in a line',
      assertionResults: [],
    })),
  ];
  const report = {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numTodoTests: 0,
    testResults,
  };
  await writeFile(join(folder, `${step}.json`), JSON.stringify(report));
};

/** Runs it over steps, written `name code`. */
const summarize = async (...steps: string[]): Promise<{ lines: string[]; code: number }> => {
  await writeFile(join(folder, 'steps'), `${steps.join('\n')}\n`);
  const { promise, resolve } = Promise.withResolvers<{ lines: string[]; code: number }>();
  execFile(process.execPath, [SUMMARY, folder], (error, out) =>
    resolve({ lines: out.trim().split('\n'), code: Number(error?.code ?? 0) }),
  );
  return await promise;
};

describe('the summary of a run', () => {
  it('adds the tests of every report and one for each other step', async () => {
    await writeReport('test', { passed: 200 });
    await writeReport('test:services', { passed: 3 });
    expect(await summarize('test 0', 'test:services 0', 'check 0', 'conformance 0')).toEqual({
      lines: ['205 passed, 0 failed'],
      code: 0,
    });
  });

  it('counts failed tests and failed steps, names them with what they said, and fails', async () => {
    await writeReport('test', { passed: 10, failed: 2, skipped: 1 });
    expect(await summarize('test 1', 'check 1')).toEqual({
      lines: [
        'failed: a.test.ts',
        '  a limit counts to 0: AssertionError: expected 2 to be 0',
        '  a limit counts to 1: AssertionError: expected 2 to be 1',
        'failed: check',
        'skipped: 1',
        '10 passed, 3 failed',
      ],
      code: 1,
    });
  });

  it('counts files that do not load', async () => {
    await writeReport('test', { passed: 10, broken: 1 });
    expect((await summarize('test 1')).lines).toEqual([
      'failed: broken-0.test.ts',
      '  SyntaxError: Unexpected token',
      '10 passed, 1 failed',
    ]);
  });

  it('counts a run that failed although every test passed, or that left no report', async () => {
    await writeReport('test', { passed: 10 });
    expect((await summarize('test 1', 'test:services 124')).lines).toEqual([
      'failed: test, though none of its tests did',
      'failed: test:services',
      '10 passed, 2 failed',
    ]);
  });
});
