import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** One thing the official suite checked, as it writes it to checks.json. */
export interface Check {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly errorMessage?: string;
}

/** Checks per scenario. A scenario that could not run has none, or is missing. */
export type SuiteResults = ReadonlyMap<string, readonly Check[]>;

const CLI = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js'));
const REQUIREMENTS = import.meta.resolve('@modelcontextprotocol/conformance/requirements/');

/** The server scenarios that one revision requires, in the order in which the suite runs them. */
export async function requiredScenarios(revision: string): Promise<readonly string[]> {
  const requirements = parse(await readFile(new URL(`${revision}.yaml`, REQUIREMENTS), 'utf8'));
  return requirements.server;
}

/** Runs everything that is listed for one revision, the parts that are not scored included. */
export async function runRequirements(url: string, revision: string): Promise<SuiteResults> {
  return runSuite(['server', '--url', url, '--requirements', revision]);
}

export async function runScenario(url: string, scenario: string, revision: string): Promise<SuiteResults> {
  return runSuite(['server', '--url', url, '--scenario', scenario, '--spec-version', revision]);
}

async function runSuite(args: readonly string[]): Promise<SuiteResults> {
  const outputDir = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    // The exit code says less than the written checks do: what is missing there has failed.
    const child = spawn(process.execPath, [CLI, ...args, '--output-dir', outputDir], { stdio: 'ignore' });
    const { promise: exited, resolve, reject } = Promise.withResolvers<void>();
    child.once('error', reject).once('exit', () => resolve());
    await exited;
    return await readResults(outputDir);
  } finally {
    await rm(outputDir, { recursive: true, force: true });
  }
}

/** Folders are named `server-<scenario>-<time>`, such as `server-ping-2026-01-31T01-02-03-456Z`. */
async function readResults(outputDir: string): Promise<SuiteResults> {
  const results = new Map<string, readonly Check[]>();
  for (const folder of await readdir(outputDir)) {
    const scenario = /^server-(.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/.exec(folder)?.[1];
    if (scenario === undefined) continue;
    const checks = await readFile(join(outputDir, folder, 'checks.json'), 'utf8').catch(() => '[]');
    results.set(scenario, JSON.parse(checks));
  }
  return results;
}
