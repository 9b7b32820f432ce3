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

/** Whether servers or clients are under test. */
export type Leg = 'server' | 'client';

/** What one revision asks for, as the suite has frozen it. */
interface Requirements {
  readonly server: readonly string[];
  readonly client: readonly string[];
  readonly not_scored: readonly { readonly scenario: string; readonly leg: Leg }[];
}

const CLI = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js'));
const REQUIREMENTS = import.meta.resolve('@modelcontextprotocol/conformance/requirements/');
const PACKAGE = new URL(
  '../package.json',
  import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js'),
);

const requirements = async (revision: string): Promise<Requirements> =>
  parse(await readFile(new URL(`${revision}.yaml`, REQUIREMENTS), 'utf8'));

/** A client is a process that starts a gateway: a loaded machine takes long to load all of it. */
const CLIENT_TIMEOUT_MS = 120_000;

export async function suiteVersion(): Promise<string> {
  return JSON.parse(await readFile(PACKAGE, 'utf8')).version;
}

/** The scenarios of one leg that a revision requires, in the order in which the suite runs them. */
export async function requiredScenarios(revision: string, leg: Leg = 'server'): Promise<readonly string[]> {
  return (await requirements(revision))[leg];
}

/** Those that the suite lists for a revision beyond what it requires: new ones, pending ones, extensions. */
export async function furtherScenarios(revision: string, leg: Leg): Promise<readonly string[]> {
  const { not_scored } = await requirements(revision);
  return not_scored.filter((entry) => entry.leg === leg).map(({ scenario }) => scenario);
}

/** Runs every server scenario that there is for one revision, required or not; extensions are none of them. */
export async function runServerSuite(url: string, revision: string): Promise<SuiteResults> {
  return runSuite(['server', '--url', url, '--suite', 'all', '--spec-version', revision], 'server-');
}

export async function runScenario(url: string, scenario: string, revision: string): Promise<SuiteResults> {
  return runSuite(['server', '--url', url, '--scenario', scenario, '--spec-version', revision], 'server-');
}

/** Runs a scenario of an extension, which belongs to no revision. */
export async function runExtensionScenario(url: string, scenario: string): Promise<SuiteResults> {
  return runSuite(['server', '--url', url, '--scenario', scenario], 'server-');
}

/**
 * Runs one client scenario: the suite starts a server of its own and `command` with the server's URL as last word.
 * A command that failed counts as a failed check.
 */
export async function runClientScenario(
  command: string,
  scenario: string,
  revision: string,
): Promise<SuiteResults> {
  const asked = ['--command', command, '--scenario', scenario, '--spec-version', revision];
  return runSuite(['client', ...asked, '--timeout', String(CLIENT_TIMEOUT_MS)], '');
}

async function runSuite(args: readonly string[], prefix: string): Promise<SuiteResults> {
  const outputDir = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    // The written checks say more than the exit code does; for a server that is all there is.
    const child = spawn(process.execPath, [CLI, ...args, '--output-dir', outputDir], { stdio: 'ignore' });
    const { promise: exited, resolve, reject } = Promise.withResolvers<number>();
    child.once('error', reject).once('exit', (code) => resolve(code ?? 1));
    const code = await exited;
    return await readResults(outputDir, prefix, args[0] === 'client' && code !== 0);
  } finally {
    await rm(outputDir, { recursive: true, force: true });
  }
}

/** Folders are named `<prefix><scenario>-<time>`, such as `server-ping-2026-01-31T01-02-03-456Z`. */
async function readResults(outputDir: string, prefix: string, clientFailed: boolean): Promise<SuiteResults> {
  const results = new Map<string, readonly Check[]>();
  for (const folder of (await readdir(outputDir)).sort()) {
    const name = /^(.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/.exec(folder)?.[1];
    if (name === undefined || !name.startsWith(prefix)) continue;
    const checks: Check[] = JSON.parse(
      await readFile(join(outputDir, folder, 'checks.json'), 'utf8').catch(() => '[]'),
    );
    if (clientFailed && !checks.some(({ status }) => status === 'FAILURE' || status === 'WARNING'))
      checks.push(await failedClient(join(outputDir, folder)));
    results.set(name.slice(prefix.length), checks);
  }
  return results;
}

async function failedClient(folder: string): Promise<Check> {
  const stderr = await readFile(join(folder, 'stderr.txt'), 'utf8').catch(() => '');
  return {
    id: 'client-exit',
    name: 'ClientExit',
    description: 'The client ends with success in time',
    status: 'FAILURE',
    errorMessage: stderr.trim(),
  };
}
