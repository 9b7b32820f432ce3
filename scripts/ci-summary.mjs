/**
 * `node scripts/ci-summary.mjs <folder>`: adds up the steps of a run. A step with a report of Vitest counts its
 * tests, any other counts as one. Prints what failed and why, then one line, and fails if anything failed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const steps = readFileSync(join(folder, 'steps'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const [name, code] = line.split(' ');
    return { name, isOk: code === '0', report: join(folder, `${name}.json`) };
  });

/** Failures that are no test's: a file that does not load, an error outside of tests, a run that broke off. */
const otherFailures = ({ numFailedTests, testResults }, isOk) => {
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  if (broken.length > 0) return broken.length;
  return !isOk && numFailedTests === 0 ? 1 : 0;
};

const firstLine = (text) => text.trimStart().split('\n', 1)[0];

/** A file that failed, with what its tests said; one that did not load has none, and says so itself. */
const tellFailed = ({ name, message, assertionResults }) => {
  console.log(`failed: ${name}`);
  if (assertionResults.length === 0 && message) console.log(`  ${firstLine(message)}`);
  for (const { status, fullName, failureMessages } of assertionResults)
    if (status === 'failed') console.log(`  ${fullName}: ${firstLine(failureMessages.join('\n'))}`);
};

let [passed, failed, skipped] = [0, 0, 0];
for (const { name, isOk, report } of steps) {
  if (!existsSync(report)) {
    passed += isOk ? 1 : 0;
    failed += isOk ? 0 : 1;
    if (!isOk) console.log(`failed: ${name}`);
    continue;
  }
  const result = JSON.parse(readFileSync(report, 'utf8'));
  const others = otherFailures(result, isOk);
  passed += result.numPassedTests;
  failed += result.numFailedTests + others;
  skipped += result.numPendingTests + result.numTodoTests;
  const failedFiles = result.testResults.filter(({ status }) => status === 'failed');
  for (const file of failedFiles) tellFailed(file);
  if (others > 0 && failedFiles.length === 0) console.log(`failed: ${name}, though none of its tests did`);
}
if (skipped > 0) console.log(`skipped: ${skipped}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
