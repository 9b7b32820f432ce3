/** `gatewright lock`: asks upstreams what they offer, and writes it down or tells what differs. */
import { compile } from '../compiler/compile.ts';
import { nearest } from '../compiler/diagnostics/nearest.ts';
import { renderPretty } from '../compiler/diagnostics/render/pretty.ts';
import type { Diagnostic } from '../schema/diagnostic.ts';
import type { Graph } from '../schema/graph/graph.ts';
import { parseArguments } from './arguments.ts';
import { commandOf } from './command-of.ts';
import { inputAt, readFrom } from './compile-at.ts';
import { FINDINGS, OK, USAGE_ERROR } from './exit-code.ts';
import type { CommandIo } from './io.ts';
import { EMPTY_LOCK, type FoundLock, findLock, lockPath, writeLock } from './lock/lock-file.ts';
import { lockAfter, type Outcome, outcomeOf, outcomesOf } from './lock/outcome.ts';
import { outcomesJson, renderOutcomes } from './lock/render-outcomes.ts';
import { offerOf } from './lock/upstream-offer.ts';
import { LOCK } from './manual/lock.ts';
import { type Project, projectOf } from './project-options.ts';

interface Options {
  readonly project: Project;
  /** All if empty. */
  readonly upstreams: readonly string[];
  readonly accepted: readonly (readonly [upstream: string, name: string])[];
  readonly check: boolean;
  readonly format: string;
}

const parseOptions = (args: readonly string[]): Options | string => {
  const parsed = parseArguments(args, LOCK, 1);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const project = projectOf(positionals, values);
  if (typeof project === 'string') return project;
  const accepted = (values.accept ?? []).map((each) => {
    const slash = each.indexOf('/');
    return [each.slice(0, slash), each.slice(slash + 1)] as const;
  });
  if (values.accept?.some((each) => !/^[^/]+\/./s.test(each))) return 'accept `<upstream>/<name>`';
  const { check, format, upstream = [] } = values;
  if (accepted.length > 0 && (check || upstream.length > 0))
    return '`--accept` goes with neither `--check` nor `--upstream`';
  return {
    project,
    upstreams: accepted.length > 0 ? accepted.map(([name]) => name) : upstream,
    accepted,
    check,
    format,
  };
};

const tellFindings = (diagnostics: readonly Diagnostic[], { main }: Project, io: CommandIo): void => {
  const read = readFrom(io.cwd);
  const textOf = (path: string) => {
    const bytes = read(path);
    return bytes && new TextDecoder().decode(bytes);
  };
  io.err(renderPretty(main, diagnostics, { textOf, color: io.color }));
};

const unknownProblem = (wanted: readonly string[], known: readonly string[]): string | undefined => {
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  const near = nearest(unknown, known);
  return `unknown upstream \`${unknown}\`${near === undefined ? '' : `; did you mean \`${near}\`?`}`;
};

const askUpstreams = (
  graph: Graph,
  before: typeof EMPTY_LOCK,
  { project, upstreams, accepted }: Options,
  io: CommandIo,
): Promise<readonly Outcome[]> => {
  const names = Object.keys(graph.upstreams).filter(
    (name) => upstreams.length === 0 || upstreams.includes(name),
  );
  return outcomesOf(names, (name) => {
    const own = Object.hasOwn(before.upstreams, name) ? before.upstreams[name] : undefined;
    const items = accepted.flatMap(([upstream, item]) => (upstream === name ? [item] : []));
    return outcomeOf(name, own, items, () => offerOf(graph, name, project.main, io));
  });
};

/** Locks the upstreams of a sound configuration, or compares. */
const lockGraph = async (
  graph: Graph,
  found: Exclude<FoundLock, { kind: 'unsound' }> | undefined,
  options: Options,
  io: CommandIo,
): Promise<number> => {
  const { project, upstreams, check, format } = options;
  const before = found?.kind === 'sound' ? found.lock : EMPTY_LOCK;
  const outcomes = await askUpstreams(graph, before, options, io);
  const known = Object.keys(graph.upstreams);
  const gone =
    upstreams.length > 0 ? [] : Object.keys(before.upstreams).filter((name) => !known.includes(name));
  io.out(format === 'json' ? outcomesJson(outcomes, gone) : renderOutcomes(outcomes, gone, io.color));
  const failed = outcomes.some(({ locked }) => locked === undefined);
  if (check) {
    const isAbsent = found?.kind === 'absent';
    if (isAbsent) io.err(`error: there is no ${lockPath(project)}; \`gatewright lock\` writes it\n`);
    const differs = gone.length > 0 || outcomes.some(({ changes }) => changes.length > 0);
    return differs || failed || isAbsent ? FINDINGS : OK;
  }
  if (failed && found === undefined) {
    io.err(`error: ${lockPath(project)} cannot be read, and is left as it is: not all upstreams answered\n`);
    return FINDINGS;
  }
  const isWritten = writeLock(project, lockAfter(before, outcomes, gone), io);
  io.err(`${lockPath(project)} is ${isWritten ? 'written' : 'as it was'}\n`);
  return failed ? FINDINGS : OK;
};

const run = async (options: Options, io: CommandIo): Promise<number> => {
  const { project, upstreams, check } = options;
  const { compiled, diagnostics } = compile({ ...inputAt(project, io.cwd), isLocking: true });
  if (compiled === undefined) {
    tellFindings(diagnostics, project, io);
    return FINDINGS;
  }
  const problem = unknownProblem(upstreams, Object.keys(compiled.graph.upstreams));
  if (problem !== undefined) {
    io.err(`error: ${problem}\n`);
    return USAGE_ERROR;
  }
  const found = findLock(project, io);
  if (found.kind !== 'unsound') return lockGraph(compiled.graph, found, options, io);
  // Written anew as a whole it needs nothing of what was there.
  if (!check && upstreams.length === 0) return lockGraph(compiled.graph, undefined, options, io);
  tellFindings(found.findings, project, io);
  return FINDINGS;
};

/** Exit code 0 if the lock is what upstreams offer, 1 if something differs or failed, 2 for the usage, 3 if a file fails. */
export const lock = commandOf({ name: 'lock', manual: LOCK, parseOptions, run });
