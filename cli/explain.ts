/** `gatewright explain`: which rules decide a request, and why. Sends nothing and writes nothing. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { renderPretty } from '../compiler/diagnostics/render/pretty.ts';
import { colorPaint, plainPaint } from '../compiler/diagnostics/render/style.ts';
import { offersOf } from '../policies/trace/offers.ts';
import type { TracedRequest } from '../policies/trace/request.ts';
import { resolveRequest } from '../policies/trace/resolve.ts';
import type { Trace } from '../policies/trace/trace.ts';
import { prepareTracer } from '../policies/trace/tracer.ts';
import { redactLine } from '../runtime/observe/redact.ts';
import { parseArguments } from './arguments.ts';
import { FINDINGS, IO_ERROR, OK, USAGE_ERROR } from './exit-code.ts';
import { type Comparison, compareWith, comparisonText } from './explain/comparison.ts';
import { eventOf, type RecordedEvent, wantedOfEvent } from './explain/event.ts';
import { type Fields, fieldsOfFile, fieldsOfOptions } from './explain/fields.ts';
import { meantName } from './explain/meant-name.ts';
import { requestText } from './explain/request-text.ts';
import { unresolvedText, wantedOf } from './explain/wanted.ts';
import type { Command, CommandIo } from './io.ts';
import { type LoadedGraph, loadGraph } from './load-graph.ts';
import { EXPLAIN } from './manual/explain.ts';
import { usageLine } from './manual/manual.ts';
import { type Project, projectOf } from './project-options.ts';
import { lineContext } from './trace/line-context.ts';
import { traceJson } from './trace/trace-json.ts';
import { traceText } from './trace/trace-text.ts';
import { clientText, verdictText } from './trace/verdict-words.ts';

/** Changes when a field changes its meaning. */
const FORMAT_VERSION = 1;

/** Wrong usage, in words for whoever typed it. */
class Misuse extends Error {}

interface Options {
  readonly project: Project;
  readonly fields: Fields;
  /** A request that was recorded, in place of `fields`. */
  readonly event: RecordedEvent | undefined;
  readonly format: string;
}

/** Stands for standard input. */
const STANDARD_INPUT = '-';

const readText = (file: string, io: CommandIo): string => {
  try {
    return readFileSync(file === STANDARD_INPUT ? process.stdin.fd : resolve(io.cwd, file), 'utf8');
  } catch {
    throw new Misuse(`\`${file}\` cannot be read`);
  }
};

const parseOptions = (args: readonly string[], io: CommandIo): Options => {
  const parsed = parseArguments(args, EXPLAIN, 1);
  if (typeof parsed === 'string') throw new Misuse(parsed);
  const { values, positionals } = parsed;
  const project = projectOf(positionals, values);
  if (typeof project === 'string') throw new Misuse(project);
  const { request, event, format } = values;
  const inFile = request === undefined ? {} : fieldsOfFile(readText(request, io), request);
  const typed = fieldsOfOptions(values, (file) => readText(file, io));
  const fields = { ...inFile, ...typed };
  if (event !== undefined && Object.keys(fields).length > 0)
    throw new Misuse('--event is a whole request: nothing else can be asked with it');
  const recorded = event === undefined ? undefined : eventOf(readText(event, io), `\`${event}\``);
  return { project, fields, event: recorded, format };
};

/** Every mistake in what was asked is one of usage. */
const asMisuse = <T>(make: () => T): T => {
  try {
    return make();
  } catch (error) {
    throw error instanceof Misuse ? error : new Misuse((error as Error).message);
  }
};

/** What is explained, with what was recorded of it. */
interface Explained {
  readonly request: TracedRequest;
  readonly trace: Trace;
  readonly comparison: Comparison | undefined;
  /** What may have been meant by a name that is not exposed. */
  readonly meant: string | undefined;
}

const pretty = (
  { request, trace, comparison, meant }: Explained,
  loaded: LoadedGraph,
  io: CommandIo,
): string => {
  const paint = io.color ? colorPaint : plainPaint;
  const { placeOf } = loaded;
  const context = lineContext(loaded);
  const client = clientText(trace.verdict);
  return [
    `${redactLine(requestText(request))}\n\n`,
    traceText(trace, { context, placeOf, paint, indent: '  ' }),
    `\n${paint('strong', verdictText(trace.verdict))}\n`,
    client === undefined ? '' : `${client}\n`,
    meant === undefined ? '' : `did you mean \`${meant}\`?\n`,
    comparison === undefined ? '' : `\n${redactLine(comparisonText(comparison))}`,
  ].join('');
};

const json = ({ request, trace, comparison, meant }: Explained, loaded: LoadedGraph): string => {
  const { compiled, placeOf } = loaded;
  const context = lineContext(loaded);
  const document = {
    formatVersion: FORMAT_VERSION,
    hash: compiled.hash,
    request: { ...request, at: new Date(request.nowMs).toISOString() },
    ...traceJson(trace, { context, placeOf }),
    ...(meant === undefined ? {} : { meant }),
    ...(comparison === undefined ? {} : { recorded: comparison }),
  };
  return `${redactLine(JSON.stringify(document, undefined, 2))}\n`;
};

const run = async (options: Options, io: CommandIo): Promise<number> => {
  const { project, fields, event, format } = options;
  const typed = event === undefined ? asMisuse(() => wantedOf(fields, Date.now)) : undefined;
  const loaded = await loadGraph(project.main, io, project);
  if (loaded.compiled === undefined) {
    io.err(renderPretty(project.main, loaded.diagnostics, { textOf: loaded.textOf, color: io.color }));
    return FINDINGS;
  }
  const { graph } = loaded.compiled;
  const request = resolveRequest(graph, typed ?? asMisuse(() => wantedOfEvent(event!, graph)));
  if ('what' in request) throw new Misuse(unresolvedText(request));
  const offers = offersOf(graph, loaded.lock);
  const trace = prepareTracer(graph, offers)(request);
  const comparison = event === undefined ? undefined : compareWith(event, trace, graph);
  const meant =
    trace.verdict.kind === 'refused' && trace.verdict.by === 'expose'
      ? meantName(request, graph, offers)
      : undefined;
  const explained = { request, trace, comparison, meant };
  io.out(format === 'json' ? json(explained, loaded) : pretty(explained, loaded, io));
  return OK;
};

/** Exit code 0 whatever the verdict, 1 for a configuration with errors, 2 for the usage, 3 if a file fails. */
export const explain: Command = async (args, io) => {
  try {
    return await run(
      asMisuse(() => parseOptions(args, io)),
      io,
    );
  } catch (error) {
    const isMisuse = error instanceof Misuse;
    const usage = isMisuse ? `${usageLine('explain', EXPLAIN)}\n` : '';
    io.err(`error: ${(error as Error).message}\n${usage}`);
    return isMisuse ? USAGE_ERROR : IO_ERROR;
  }
};
