import { parseArgs } from 'node:util';
import { startEverything } from '../support/everything/server.ts';
import { requiredScenarios, runRequirements, runScenario, type SuiteResults } from './suite.ts';
import { startGatewayBefore } from './through-gateway.ts';
import { type Expectation, judge, type Verdict } from './verdict.ts';

/** A server under test that this run started. */
export interface Target {
  /** Its MCP endpoint. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a gateway whose only upstream is the MCP endpoint given. */
export type StartGateway = (upstreamUrl: string) => Promise<Target>;

type Print = (line: string) => void;

const REVISIONS = ['2025-11-25', '2026-07-28'];

/** Scenarios that no revision requires, and dns-rebinding-protection once more for each era. */
const EXTRAS: readonly (Expectation & { readonly revision: string })[] = [
  { scenario: 'http-header-validation', revision: '2026-07-28', strict: true },
  { scenario: 'http-custom-header-server-validation', revision: '2026-07-28', strict: true },
  { scenario: 'server-session-lifecycle', revision: '2025-11-25', strict: true },
  {
    scenario: 'server-sse-polling',
    revision: '2025-11-25',
    strict: true,
    mustSucceed: ['server-sse-priming-event', 'server-sse-retry-field', 'server-sse-disconnect-resume'],
  },
  { scenario: 'dns-rebinding-protection', revision: '2025-11-25', strict: true },
  { scenario: 'dns-rebinding-protection', revision: '2026-07-28', strict: true },
];

/** Runs both required sets and the extra scenarios against one endpoint; true when all of them passed. */
export async function runConformance(url: string, print: Print = console.log): Promise<boolean> {
  let allPassed = true;
  for (const revision of REVISIONS) {
    const required = await requiredScenarios(revision);
    const results = await runRequirements(url, revision);
    const verdicts = required.map((scenario) => judge({ scenario }, results.get(scenario)));
    allPassed = report(`required by ${revision}`, verdicts, print) && allPassed;
  }
  const verdicts: Verdict[] = [];
  for (const extra of EXTRAS) {
    const results: SuiteResults = await runScenario(url, extra.scenario, extra.revision);
    verdicts.push(judge(extra, results.get(extra.scenario)));
  }
  return report('extra scenarios', verdicts, print) && allPassed;
}

/** Runs against the fixture, through a gateway where one is given. */
export async function runAgainstFixture(startGateway?: StartGateway, print?: Print): Promise<boolean> {
  await using everything = await startEverything();
  const gateway = await startGateway?.(everything.url);
  try {
    return await runConformance(gateway?.url ?? everything.url, print);
  } finally {
    await gateway?.close();
  }
}

function report(title: string, verdicts: readonly Verdict[], print: Print): boolean {
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  print(`${title}: ${passed}/${verdicts.length}`);
  for (const { scenario, failures, warnings } of verdicts) {
    for (const failure of failures) print(`  FAILED ${scenario}: ${failure}`);
    for (const warning of warnings) print(`  warned ${scenario}: ${warning}`);
  }
  return passed === verdicts.length;
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { url: { type: 'string' }, direct: { type: 'boolean' } } });
  if (values.url !== undefined) return (await runConformance(values.url)) ? 0 : 1;
  return (await runAgainstFixture(values.direct ? undefined : startGatewayBefore)) ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
