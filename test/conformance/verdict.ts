import type { Check } from './suite.ts';

/** What must hold for a scenario to count as passed. */
export interface Expectation {
  readonly scenario: string;
  /** Checks that must be there with SUCCESS, where the suite itself would only warn. */
  readonly mustSucceed?: readonly string[];
  /** Whether a warning fails the scenario. */
  readonly strict?: boolean;
}

export interface Verdict {
  readonly scenario: string;
  readonly passed: boolean;
  /** Why it did not pass, one line for each check. */
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
}

/** Judges one scenario: a failure, or nothing that succeeded, is not a pass. */
export function judge(expectation: Expectation, checks: readonly Check[] = []): Verdict {
  const failures = describe(checks, 'FAILURE');
  const warnings = describe(checks, 'WARNING');
  if (!checks.some((check) => check.status === 'SUCCESS')) failures.push('no check succeeded');
  for (const id of expectation.mustSucceed ?? []) {
    if (!checks.some((check) => check.id === id && check.status === 'SUCCESS'))
      failures.push(`${id} did not succeed`);
  }
  if (expectation.strict) failures.push(...warnings.splice(0));
  return { scenario: expectation.scenario, passed: failures.length === 0, failures, warnings };
}

function describe(checks: readonly Check[], status: Check['status']): string[] {
  return checks
    .filter((check) => check.status === status)
    .map((check) => `${check.id} (${check.name}): ${check.errorMessage ?? check.description}`);
}
