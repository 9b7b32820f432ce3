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
  const testResults = [
    { name: 'a.test.ts', status: failed > 0 ? 'failed' : 'passed', assertionResults: [{}] },
    ...Array.from({ length: broken }, (_, index) => ({
      name: `broken-${index}.test.ts`,
      status: 'failed',
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

  it('counts failed tests and failed steps, names them, and fails', async () => {
    await writeReport('test', { passed: 10, failed: 2, skipped: 1 });
    expect(await summarize('test 1', 'check 1')).toEqual({
      lines: ['failed: a.test.ts', 'failed: check', 'skipped: 1', '10 passed, 3 failed'],
      code: 1,
    });
  });

  it('counts files that do not load', async () => {
    await writeReport('test', { passed: 10, broken: 2 });
    expect((await summarize('test 1')).lines.at(-1)).toBe('10 passed, 2 failed');
  });

  it('counts a run that failed although every test passed, or that left no report', async () => {
    await writeReport('test', { passed: 10 });
    expect((await summarize('test 1', 'test:services 124')).lines.at(-1)).toBe('10 passed, 2 failed');
  });
});
