/** `gatewright test`: runs the unit tests of a configuration. Sends nothing and writes nothing. */
import { dirname } from 'node:path';
import { counted } from '../compiler/diagnostics/entry.ts';
import { renderPretty } from '../compiler/diagnostics/render/pretty.ts';
import { createCoverage, percentageOf } from '../compiler/test-file/coverage.ts';
import { readSuite } from '../compiler/test-file/read-suite.ts';
import { runSuite } from '../compiler/test-file/run-suite.ts';
import type { TestSuite } from '../compiler/test-file/suite.ts';
import { parseArguments } from './arguments.ts';
import { commandOf } from './command-of.ts';
import { readFrom } from './compile-at.ts';
import { FINDINGS, OK } from './exit-code.ts';
import type { CommandIo } from './io.ts';
import { type LoadedGraph, loadGraph } from './load-graph.ts';
import { TEST } from './manual/test.ts';
import { configurationFor, findTestFiles } from './test/find-files.ts';
import { jsonReport } from './test/json-report.ts';
import { junitReport } from './test/junit-report.ts';
import { coveredItems, type TestedConfiguration, totalsOf } from './test/outcome.ts';
import { prettyReport } from './test/pretty-report.ts';

/** Names without end are no mistake that this has to find. */
const MAX_FILES = 10_000;

interface Options {
  readonly files: readonly string[];
  readonly config: string | undefined;
  readonly overlays: readonly string[];
  readonly filter: string;
  readonly format: string;
  readonly coverage: boolean;
  readonly failUnder: number | undefined;
}

const parseOptions = (args: readonly string[], cwd: string): Options | string => {
  const parsed = parseArguments(args, TEST, MAX_FILES);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const { config, overlay: overlays = [], filter = '', format, coverage } = values;
  const failUnder = values['fail-under'];
  if (failUnder !== undefined && !(/^\d{1,3}(\.\d+)?$/.test(failUnder) && Number(failUnder) <= 100))
    return `--fail-under takes a percentage from 0 to 100, not \`${failUnder}\``;
  try {
    // Tests lie beside the configuration, wherever that is.
    const named = positionals.length === 0 && config !== undefined ? [dirname(config)] : positionals;
    const files = findTestFiles(named, cwd);
    if (files.length === 0) return 'there is no file of tests: none is named `*.test.yaml`';
    return {
      files,
      config,
      overlays,
      filter,
      format,
      coverage: coverage || failUnder !== undefined,
      failUnder: failUnder === undefined ? undefined : Number(failUnder),
    };
  } catch (error) {
    return (error as Error).message;
  }
};

/** The suites of files about one configuration; undefined, and told, if one cannot be read. */
const readSuites = (
  files: readonly string[],
  { compiled, lock, textOf }: LoadedGraph,
  io: CommandIo,
): readonly TestSuite[] | undefined => {
  const read = readFrom(io.cwd);
  const suites = files.map((file) => {
    const { suite, diagnostics } = readSuite(file, read(file), { graph: compiled.graph, lock });
    if (suite === undefined) io.err(renderPretty(file, diagnostics, { textOf, color: io.color }));
    return suite;
  });
  return suites.every((suite) => suite !== undefined) ? suites : undefined;
};

const testOne = async (
  main: string,
  files: readonly string[],
  { overlays, filter }: Options,
  io: CommandIo,
): Promise<TestedConfiguration | undefined> => {
  const loaded = await loadGraph(main, io, { overlays });
  if (loaded.compiled === undefined) {
    io.err(renderPretty(main, loaded.diagnostics, { textOf: loaded.textOf, color: io.color }));
    return undefined;
  }
  const suites = readSuites(files, loaded, io);
  if (suites === undefined) return undefined;
  const { graph } = loaded.compiled;
  const coverage = createCoverage(graph, (path) => loaded.placeOf(path) !== undefined);
  const isWanted = (name: string) => name.includes(filter);
  return {
    main,
    loaded,
    suites: suites.map((suite) => runSuite(suite, graph, isWanted, coverage)),
    coverage,
  };
};

const report = (
  tested: readonly TestedConfiguration[],
  { format, coverage }: Options,
  io: CommandIo,
): string => {
  switch (format) {
    case 'json':
      return jsonReport(tested, coverage);
    case 'junit':
      return junitReport(tested);
    default:
      return prettyReport(tested, { coverage, color: io.color });
  }
};

const run = async (options: Options, io: CommandIo): Promise<number> => {
  const byMain = Map.groupBy(options.files, (file) => options.config ?? configurationFor(file, io.cwd));
  const tested: TestedConfiguration[] = [];
  for (const [main, files] of byMain) {
    const one = await testOne(main, files, options, io);
    if (one !== undefined) tested.push(one);
  }
  io.out(report(tested, options, io));
  const { cases, failed } = totalsOf(tested);
  if (cases === 0 && tested.length > 0 && options.filter !== '')
    io.err(`error: no test has \`${options.filter}\` in its name\n`);
  const { failUnder = 0 } = options;
  const percent = percentageOf(coveredItems(tested));
  if (percent < failUnder)
    io.err(
      `error: ${percent.toFixed(1)}% of ${counted(coveredItems(tested).length, 'route and rule')} is reached, less than ${failUnder}%\n`,
    );
  const isWhole = tested.length === byMain.size && cases > 0;
  return isWhole && failed === 0 && percent >= failUnder ? OK : FINDINGS;
};

/** Exit code 0 if every test passed, 1 if not or if a file has errors, 2 for the usage, 3 if a file fails. */
export const test = commandOf({ name: 'test', manual: TEST, parseOptions, run });
