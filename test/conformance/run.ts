import { parseArgs } from 'node:util';
import { emitGenerated } from '../../scripts/generated-files.ts';
import { type Compared, comparePairings, isSameEverywhere } from '../e2e/bridging/compare.ts';
import { startEverything } from '../support/everything/server.ts';
import { clientDriver, clientScenarios } from './client-leg.ts';
import { compatibilityPage } from './page.ts';
import { EXTENSIONS, expectationOf, REQUIRED_REVISIONS, SERVER_REVISIONS } from './plan.ts';
import {
  requiredScenarios,
  runClientScenario,
  runExtensionScenario,
  runServerSuite,
  suiteVersion,
} from './suite.ts';
import { startGatewayBefore } from './through-gateway.ts';
import { judge, type Verdict } from './verdict.ts';

/** A server under test that this run started. */
export interface Target {
  /** Its MCP endpoint. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a gateway whose only upstream is the MCP endpoint given. */
export type StartGateway = (upstreamUrl: string) => Promise<Target>;

type Print = (line: string) => void;

/** What came of the scenarios of one revision, or of one extension. */
export interface Report {
  readonly revision: string;
  readonly verdicts: readonly Verdict[];
}

/** Runs every server scenario of every revision against one endpoint. */
export async function runServerLeg(url: string, print: Print = console.log): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const revision of SERVER_REVISIONS) {
    const results = await runServerSuite(url, revision);
    const isFrozen = REQUIRED_REVISIONS.some((frozen) => frozen === revision);
    const required = isFrozen ? await requiredScenarios(revision) : [];
    const scenarios = new Set([...required, ...results.keys()]);
    const verdicts = [...scenarios].map((scenario) => judge(expectationOf(scenario), results.get(scenario)));
    tell(`servers of ${revision}`, verdicts, print);
    reports.push({ revision, verdicts });
  }
  return reports;
}

/** Runs the scenarios of extensions against one endpoint. */
async function runExtensionLeg(url: string, print: Print): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const [revision, scenarios] of Object.entries(EXTENSIONS)) {
    const verdicts: Verdict[] = [];
    for (const scenario of scenarios) {
      const results = await runExtensionScenario(url, scenario);
      verdicts.push(judge({ scenario, strict: true }, results.get(scenario)));
    }
    tell(`servers of ${revision}`, verdicts, print);
    reports.push({ revision, verdicts });
  }
  return reports;
}

/** What came of the runs against one server. */
export interface ServerReports {
  readonly servers: readonly Report[];
  readonly extensions: readonly Report[];
}

/**
 * Runs every client scenario against the gateway's upstream side, driven by a client of the era that is given: that of
 * the scenario, or the other one. Those of authorization are left out.
 */
export async function runClientLeg(
  drivenBy: 'same' | 'other',
  print: Print = console.log,
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const revision of REQUIRED_REVISIONS) {
    const verdicts: Verdict[] = [];
    const command = clientDriver(revision, drivenBy);
    for (const scenario of await clientScenarios(revision)) {
      const results = await runClientScenario(command, scenario, revision);
      verdicts.push(judge({ scenario, strict: true }, results.get(scenario)));
    }
    tell(`clients of ${revision}, driven by the ${drivenBy} era`, verdicts, print);
    reports.push({ revision, verdicts });
  }
  return reports;
}

/** Runs the server scenarios against the fixture, through a gateway where one is given. */
export async function runAgainstFixture(
  startGateway?: StartGateway,
  print: Print = console.log,
): Promise<ServerReports> {
  await using everything = await startEverything();
  const gateway = await startGateway?.(everything.url);
  try {
    const url = gateway?.url ?? everything.url;
    const servers = await runServerLeg(url, print);
    return { servers, extensions: await runExtensionLeg(url, print) };
  } finally {
    await gateway?.close();
  }
}

const allPassed = (reports: readonly Report[]): boolean =>
  reports.every(({ verdicts }) => verdicts.length > 0 && verdicts.every(({ passed }) => passed));

function tell(title: string, verdicts: readonly Verdict[], print: Print): void {
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  print(`${title}: ${passed}/${verdicts.length}`);
  for (const { scenario, failures, warnings } of verdicts) {
    for (const failure of failures) print(`  FAILED ${scenario}: ${failure}`);
    for (const warning of warnings) print(`  warned ${scenario}: ${warning}`);
  }
}

function tellDiffering(pairings: readonly Compared[]): void {
  const same = pairings.filter(isSameEverywhere);
  console.log(`seen the same in every pairing: ${same.length}/${pairings.length}`);
  for (const compared of pairings)
    if (!same.includes(compared))
      console.log(`  DIFFERS ${compared.title}: ${JSON.stringify(compared.same)}`);
}

/** Both legs through the gateway and every pairing of eras, and the page about them: written with `--write`, otherwise compared. */
async function runThroughGateway(write: boolean): Promise<number> {
  const { servers, extensions } = await runAgainstFixture(startGatewayBefore);
  const clients = await runClientLeg('same');
  const across = await runClientLeg('other');
  const pairings = await comparePairings();
  tellDiffering(pairings);
  const version = await suiteVersion();
  const page = compatibilityPage({ version, servers, extensions, clients, across, pairings });
  const drift = emitGenerated(
    new Map([['docs/compatibility.md', page]]),
    write ? [] : ['--check'],
    'conformance -- --write',
  );
  const passed = allPassed([...servers, ...extensions, ...clients, ...across]);
  return passed && pairings.every(isSameEverywhere) ? drift : 1;
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { url: { type: 'string' }, direct: { type: 'boolean' }, write: { type: 'boolean' } },
  });
  if (values.url !== undefined) return allPassed(await runServerLeg(values.url)) ? 0 : 1;
  if (values.direct === true) {
    const { servers, extensions } = await runAgainstFixture();
    return allPassed([...servers, ...extensions]) ? 0 : 1;
  }
  return runThroughGateway(values.write === true);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
