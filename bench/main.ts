/** `npm run bench`: what the gateway costs, beside nginx, a floor and no proxy at all. See docs/performance.md. */
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { judge } from './budgets.ts';
import { faultTable, readFaultFigures } from './fault-figures.ts';
import { gatewayProgram, isStale, packageFile } from './gateway-program.ts';
import { type Lists, measureLists } from './lists.ts';
import { describeMachine } from './machine.ts';
import { readNpmParts } from './npm-figures.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { releasedOf, writeReleased } from './released.ts';
import { CHART_FILE, type Report, reportChart, reportPage, resultText } from './report.ts';
import { measureStartUp, type StartUp } from './start-up.ts';
import { measureSubscriptions, type Subscriptions } from './subscriptions.ts';
import { type Bench, gatewayOptions, gatewaysWanted, measureTraffic } from './traffic.ts';
import { openWorkplace } from './workplace.ts';

const tell = (line: string): void => console.error(line);

const measureTheLists = async (bench: Bench): Promise<Lists | undefined> => {
  const { listRounds } = bench.options;
  if (listRounds === 0 || gatewaysWanted(bench.options).length === 0) return undefined;
  tell(`listing ${listRounds} times over`);
  return await measureLists(gatewayOptions(bench, 'lists'), listRounds);
};

const measureIdle = async ({
  options,
  cores,
  folder,
  program,
}: Bench): Promise<Subscriptions | undefined> => {
  const count = options.subscriptions;
  if (count === 0 || gatewaysWanted(options).length === 0) return undefined;
  tell(`opening ${count} subscriptions`);
  return await measureSubscriptions(cores, { folder, program }, count);
};

const measure = async (options: BenchOptions): Promise<Report> => {
  const program = gatewayProgram();
  const withGateway = gatewaysWanted(options).length > 0;
  if (withGateway && (await isStale(program)))
    tell(`warning: ${program} is older than the sources: npm run build`);
  await using workplace = await openWorkplace();
  const { cores, folder, upstream } = workplace;
  const bench = { options, cores, folder, upstream, program };
  let startUp: StartUp | undefined;
  if (withGateway && options.starts > 0) {
    tell(`starting ${program} ${options.starts} times`);
    startUp = await measureStartUp(gatewayOptions(bench, 'bare'), options.starts);
  }
  const subscriptions = await measureIdle(bench);
  const { samples, halfLoad } = await measureTraffic(bench);
  const lists = await measureTheLists(bench);
  const judgements = judge(
    { cores: availableParallelism(), samples, halfLoad, startUp, lists, subscriptions },
    options.margin,
  );
  const machine = describeMachine();
  return { options, machine, program, samples, halfLoad, startUp, lists, subscriptions, judgements };
};

const run = async (args: readonly string[]): Promise<number> => {
  let options: BenchOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    tell(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const report = await measure(options);
  const apart = { npm: readNpmParts(), faults: readFaultFigures() };
  console.log(`${report.machine}\n\n${resultText(report)}`);
  if (apart.faults !== undefined)
    console.log(
      `\nBy \`node bench/faults.ts --write\` of ${apart.faults.date}:\n\n${faultTable(apart.faults).text}`,
    );
  if (options.write) {
    const date = new Date().toISOString().slice(0, 10);
    const page = reportPage(report, date, apart);
    await writeFile(packageFile('docs/performance.md'), page);
    await writeFile(packageFile(CHART_FILE), reportChart(report));
    const released = releasedOf(report.samples, date, report.machine);
    if (released !== undefined) await writeReleased(released);
  }
  return report.judgements.every(({ passed }) => passed !== false) ? 0 : 1;
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  tell(`error: ${(error as Error).message}`);
  process.exitCode = 1;
}
