/** `gatewright plan`: what another configuration changes. Serves and changes nothing. */
import { renderPretty } from '../compiler/diagnostics/render/pretty.ts';
import { isEmpty, type Plan, type PlanSide, planChange } from '../compiler/diff/plan.ts';
import { renderPlanJson } from '../compiler/diff/render/json.ts';
import { renderPlanMarkdown } from '../compiler/diff/render/markdown.ts';
import { renderPlanText } from '../compiler/diff/render/text.ts';
import { isRevision } from '../runtime/reload/git-files.ts';
import { percentageRatio } from '../schema/unit.ts';
import { parseArguments } from './arguments.ts';
import { commandOf } from './command-of.ts';
import { FINDINGS, OK } from './exit-code.ts';
import type { CommandIo } from './io.ts';
import { type FaultyGraph, gitSpecOf, type LoadedGraph, loadGraph } from './load-graph.ts';
import { PLAN } from './manual/plan.ts';
import { DEFAULT_MAIN, type Project } from './project-options.ts';

const CHANGES = 2;

interface Side {
  readonly spec: string;
  readonly overlays: Project['overlays'];
  /** Whether its files are those of the other side, which a revision may not have got yet. */
  readonly mayPredate?: boolean;
}

interface Options {
  readonly before: Side;
  readonly after: Side;
  readonly format: string;
  readonly exitCode: boolean;
  readonly failOnRisk: 'high' | 'any' | undefined;
  readonly largeRemoval: number;
}

/** An option whose value may be left out gets the one that it then has. */
const withValue = (args: readonly string[]): readonly string[] =>
  args.flatMap((argument, index) =>
    argument === '--fail-on-risk' && !['high', 'any'].includes(args[index + 1] ?? '')
      ? [argument, 'any']
      : [argument],
  );

/** What is compared where a side is not named, or is a revision without a path. */
const specsOf = (positionals: readonly string[], running: string | undefined): readonly [string, string] => {
  const [first, second] = positionals;
  const after = (running === undefined ? (second ?? first) : first) ?? DEFAULT_MAIN;
  const before = running ?? (second === undefined ? 'git:HEAD' : first!);
  const main = gitSpecOf(after) === undefined && !after.includes('://') ? after : DEFAULT_MAIN;
  const whole = (spec: string): string => {
    const inGit = gitSpecOf(spec);
    return inGit !== undefined && inGit.path === undefined ? `${spec}:${main}` : spec;
  };
  return [whole(before), whole(after)];
};

/** Whether the old side is named with its file, not as a revision of the new one or not at all. */
const isFileNamed = ([first, second]: readonly string[], running: string | undefined): boolean =>
  running !== undefined || (second !== undefined && gitSpecOf(first!)?.path !== undefined);

const parseOptions = (args: readonly string[]): Options | string => {
  const parsed = parseArguments(withValue(args), PLAN, 2);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const { running, overlay = [] } = values;
  if (running !== undefined && positionals.length > 1) return 'name one file beside `--running`';
  const largeRemoval = percentageRatio(values['large-removal']);
  if (largeRemoval === undefined) return '`--large-removal` needs a percentage, such as 30%';
  const [before, after] = specsOf(positionals, running);
  return {
    before: {
      spec: before,
      overlays: values['old-overlay'] ?? overlay,
      mayPredate: values['old-overlay'] === undefined && !isFileNamed(positionals, running),
    },
    after: { spec: after, overlays: overlay },
    format: values.format,
    exitCode: values['exit-code'],
    failOnRisk: values['fail-on-risk'] as Options['failOnRisk'],
    largeRemoval,
  };
};

const render = (plan: Plan, format: string, io: CommandIo): string => {
  switch (format) {
    case 'json':
      return renderPlanJson(plan);
    case 'markdown':
      return renderPlanMarkdown(plan);
    default:
      return renderPlanText(plan, { color: io.color });
  }
};

const isRefused = ({ risks }: Plan, { failOnRisk }: Options): boolean =>
  failOnRisk !== undefined && risks.some(({ severity }) => failOnRisk === 'any' || severity === 'high');

/** Findings of a side that is no graph, as `check` shows them. */
const tellFindings = ({ spec }: Side, { diagnostics, textOf }: FaultyGraph, io: CommandIo): void => {
  io.err(renderPretty(spec, diagnostics, { textOf, color: false }));
  const isAbsent = diagnostics.some(({ code, span }) => code === 'GW0001' && span.file === spec);
  if (isAbsent && isRevision(spec, io.cwd)) {
    io.err(`note: \`${spec}\` is a revision of git: write \`git:${spec}\`\n`);
  }
};

const sideOf = ({ spec }: Side, { compiled, placeOf, lock }: LoadedGraph): PlanSide => ({
  label: spec,
  compiled,
  placeOf,
  lock,
});

const tellPlan = (options: Options, before: LoadedGraph, after: LoadedGraph, io: CommandIo): number => {
  const plan = planChange(sideOf(options.before, before), sideOf(options.after, after), options);
  io.out(render(plan, options.format, io));
  if (isRefused(plan, options)) return FINDINGS;
  return options.exitCode && !isEmpty(plan) ? CHANGES : OK;
};

const run = async (options: Options, io: CommandIo): Promise<number> => {
  const { before, after } = options;
  const [old, next] = [await loadGraph(before.spec, io, before), await loadGraph(after.spec, io, after)];
  if (old.compiled !== undefined && next.compiled !== undefined) return tellPlan(options, old, next, io);
  if (old.compiled === undefined) tellFindings(before, old, io);
  if (next.compiled === undefined) tellFindings(after, next, io);
  return FINDINGS;
};

/**
 * Exit code 0 for a plan, 1 where a side has errors or a risk is refused, 2 for changes where they are asked for and for
 * the usage, 3 if a file, git or a gateway fails.
 */
export const plan = commandOf({ name: 'plan', manual: PLAN, parseOptions, run });
